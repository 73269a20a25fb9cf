"""Finders of definitions that only one language or family needs; what several share is in naming.py."""
