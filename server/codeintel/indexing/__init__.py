"""From files to a searchable, published index: scanning, analysis, encoding, publishing, progress."""
