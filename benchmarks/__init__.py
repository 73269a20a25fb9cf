"""Measurements of codeintel that anyone can repeat; how to get the data and run them is in README.md."""

from codeintel.entry import multiply_on_one_thread

multiply_on_one_thread()  # as the commands that are measured do
