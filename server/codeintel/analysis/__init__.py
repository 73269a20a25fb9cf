"""Pure functions from a document's text to rows: languages, chunks and search terms. Nothing here touches
disk."""
