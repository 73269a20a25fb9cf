"""Pure functions from a document's text to rows: languages, chunks, search terms; nothing here touches disk."""
