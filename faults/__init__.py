"""Faults injected into the real server, one row of docs/faults.md each; `make faults` runs them all."""
