"""Measurements that anybody can run again: ``python -m benchmarks.NAME`` prints a table and writes its JSON."""
