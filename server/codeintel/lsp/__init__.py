"""The language server: it converts between the protocol and `codeintel.service`, and holds no logic."""
