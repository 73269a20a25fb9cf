"""What is on disk: roots, discovery, skip rules, reading, text positions; nothing here knows of an index."""
