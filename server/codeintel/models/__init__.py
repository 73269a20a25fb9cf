"""Text to vectors: the contextual encoder and the static table; nothing here knows of indexes."""
