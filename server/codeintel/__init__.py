"""codeintel: a language server that keeps a hybrid semantic index of a workspace and explains every hit."""

__version__ = "0.1.0"
