"""The fields of the lexical index, their boosts, and the document that fills them; no search, no writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import tantivy

FIELDS = ("body", "symbols", "path", "stem")

# Plain BM25. What a match in a field says about a chunk is for ranking to decide (search/weights.py).
FIELD_BOOSTS: Mapping[str, float] = MappingProxyType(dict.fromkeys(FIELDS, 1.0))

# tantivy's indexer drops longer tokens, so a query for one can never match.
MAX_TERM_BYTES = 65_530

MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class LexicalDocument:
    """One chunk as ready terms, none with white space inside; a plain str is terms joined by spaces."""

    id: int
    terms: Sequence[str]
    symbols: Sequence[str] = ()
    path: Sequence[str] = ()
    stem: Sequence[str] = ()


def lexical_schema() -> tantivy.Schema:
    """`id` (fast and indexed) and four fields of ready terms, without positions: phrases are looked for in the text.

    A change here makes existing folders foreign: they open as IndexCorrupt and are rebuilt.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=False, indexed=True, fast=True)
    for field in FIELDS:
        builder.add_text_field(field, stored=False, tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def field_texts(document: LexicalDocument) -> dict[str, str]:
    """The text of each of FIELDS, in their order; ValueError for an id that is no positive int64."""
    if not 0 < document.id <= MAX_ID:
        raise ValueError(f"chunk id {document.id} is not a positive int64")
    fields = (document.terms, document.symbols, document.path, document.stem)
    return {name: _joined(terms) for name, terms in zip(FIELDS, fields, strict=True)}


def tantivy_document(document: LexicalDocument, schema: tantivy.Schema) -> tantivy.Document:
    """Converted through the schema: untyped construction writes a value that kills the writer's thread."""
    return tantivy.Document.from_dict({**field_texts(document), "id": int(document.id)}, schema)


def _joined(terms: Sequence[str]) -> str:
    text = terms if isinstance(terms, str) else " ".join(terms)
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogates of an editor's broken text; tantivy takes only valid UTF-8
        return text.encode("utf-8", "replace").decode()
    return text
