"""Programs that index one corpus and say how long it took: ours and those we compare with, one interface."""
