"""Headwater: contact enrichment that never pays twice, never mixes two people, and shows its working."""

__version__ = "0.1.0"
