"""Level 0: small tools without knowledge of contacts, vendors or jobs."""
