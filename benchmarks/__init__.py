"""Measurements of codeintel that anyone can repeat; how to get the data and run them is in README.md."""
