"""Engines of one small shape (add, remove, search): dense vectors and BM25; none reads the workspace."""
