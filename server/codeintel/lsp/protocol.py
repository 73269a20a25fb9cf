"""Every custom message of the protocol, and how it is read from and written to JSON; no answer is computed.

Names are snake_case here and camelCase on the wire. A null is an absent field, unknown fields are ignored,
a field of the wrong type is an error rather than a guess. docs/protocol.md is generated from these classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, get_args, get_type_hints

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from lsprotocol import types
from pygls.protocol import default_converter

Token = int | str
Limit = Annotated[int | None, "the most hits, 1 to 1000; by default the setting search.limit"]
WorkDone = Annotated[Token | None, "reports work-done progress under this token"]
Streamed = Annotated[Token | None, "streams the hits under this token; the result then has none"]

SEARCH: Final = "codeintel/search"
EXPLAIN: Final = "codeintel/explain"
WHY_NOT: Final = "codeintel/whyNot"
SIMILAR: Final = "codeintel/similar"
JUDGE: Final = "codeintel/judge"
STATUS: Final = "codeintel/status"
STATUS_CHANGED: Final = "codeintel/statusChanged"


@attrs.frozen(kw_only=True)
class SearchParams:
    """What `codeintel/search` takes."""

    query: Annotated[str, "free text and qualifiers, e.g. `lang:python retry with backoff`"]
    limit: Limit = None
    explain: Annotated[bool, "whether contributions carry evidence"] = True
    work_done_token: WorkDone = None
    partial_result_token: Streamed = None


@attrs.frozen(kw_only=True)
class ExplainParams:
    """What `codeintel/explain` takes: a query and a place that is, or should be, among its hits."""

    query: Annotated[str, "the query whose ranking is explained"]
    text_document: Annotated[types.TextDocumentIdentifier, "the file, as a `file:` URI"]
    position: Annotated[types.Position, "any position in the chunk"]
    depth: Annotated[str, "`one`, `signals` or `full`: how much `ExplainResult` says"] = "full"
    work_done_token: WorkDone = None


@attrs.frozen(kw_only=True)
class WhyNotParams:
    """What `codeintel/whyNot` takes: a query, and what was expected among its hits.

    That is a place, a file, a symbol, or a symbol in a file.
    """

    query: Annotated[str, "the query that was asked"]
    text_document: Annotated[types.TextDocumentIdentifier | None, "the file, as a `file:` URI"] = None
    position: Annotated[types.Position | None, "any position in the chunk; without it, all of the file"] = (
        None
    )
    symbol: Annotated[str | None, "a name that the chunk defines or, where none does, mentions"] = None
    limit: Limit = None
    work_done_token: WorkDone = None


@attrs.frozen(kw_only=True)
class JudgeParams:
    """What `codeintel/judge` takes: whether a place answers a query, in the eyes of a person."""

    query: Annotated[str, "the query that was asked"]
    text_document: Annotated[types.TextDocumentIdentifier, "the file, as a `file:` URI"]
    position: Annotated[types.Position, "any position in the chunk"]
    verdict: Annotated[str, "`good`, `bad`, or `none`, which takes an earlier verdict back"]


@attrs.frozen(kw_only=True)
class SimilarParams:
    """What `codeintel/similar` takes: the place whose likes are looked for."""

    text_document: Annotated[types.TextDocumentIdentifier, "the file, as a `file:` URI"]
    position: Annotated[types.Position, "any position in the chunk"]
    limit: Limit = None
    work_done_token: WorkDone = None
    partial_result_token: Streamed = None


@attrs.frozen(kw_only=True)
class StatusParams:
    """What `codeintel/status` takes: nothing."""


@attrs.frozen(kw_only=True)
class Evidence:
    """A piece of a hit's text behind a contribution."""

    text: Annotated[str, "the term, token or symbol"]
    range: Annotated[types.Range, "where it stands in the file"]
    share: Annotated[float, "its part of the contribution's own score"]
    query: Annotated[str | None, "the query's word that it is aligned with, in the channel `late`"] = None
    imputed: Annotated[bool, "whether finding the hit did without it, on an estimate"] = False
    expanded: Annotated[bool, "whether a model brought the term in, in the channel `splade`"] = False


@attrs.frozen(kw_only=True)
class Contribution:
    """What one channel or prior added to a hit's score."""

    source: Annotated[str, "the channel or prior, e.g. `bm25`, `dense`, `definition`"]
    kind: Annotated[str, "`channel` or `prior`"]
    contribution: Annotated[float, "what was added; a hit's contributions sum to its score"]
    reason: Annotated[str, "why, for people"]
    weight: Annotated[float | None, "the channel's weight in the fusion"] = None
    rank: Annotated[int | None, "the hit's 1-based rank in the channel alone"] = None
    score: Annotated[float | None, "the channel's own score"] = None
    evidence: Annotated[list[Evidence], "the text behind it, if `explain` is true"] = attrs.Factory(list)


@attrs.frozen(kw_only=True)
class Hit:
    """A chunk that matched."""

    uri: Annotated[str, "the file, as a `file:` URI"]
    range: Annotated[types.Range, "the chunk, without the line break after its last line"]
    path: Annotated[str, "the file relative to its root, with `/`"]
    root: Annotated[str, "the name of the workspace root"]
    kind: Annotated[str, "function, method, class, block, doc and so on"]
    lang: Annotated[str, "the language's name"]
    breadcrumb: Annotated[str, "what encloses it, e.g. `Client > send`"]
    symbols: Annotated[list[str], "the names that it defines"]
    preview: Annotated[str, "its most telling line"]
    score: Annotated[float, "comparable within one answer only"]
    freshness: Annotated[str, "`live` (unsaved text), `saved`, or `stale` (the file has changed since)"]
    contributions: Annotated[list[Contribution], "they sum to the score within 1e-6"]


@attrs.frozen(kw_only=True)
class Coverage:
    """How far indexing had come when the answer was computed."""

    chunks: Annotated[int, "chunks that can be found by their words"]
    meaning: Annotated[int, "chunks that can be found by their meaning as well"]
    share: Annotated[float, "meaning / chunks, 0 to 1"]
    documents: Annotated[int, "documents that have chunks"]
    structured: Annotated[int, "those whose syntax nodes, occurrences and symbols are known"]
    live: Annotated[int, "documents searched as they are in the editor, unsaved"]
    stale: Annotated[int, "documents known to have changed since they were read"]


@attrs.frozen(kw_only=True)
class SearchResult:
    """What `codeintel/search` and `codeintel/similar` answer."""

    hits: Annotated[list[Hit], "best first; empty where they were streamed"]
    coverage: Annotated[Coverage, "how complete the index was"]
    candidates: Annotated[int, "chunks that were ranked"]
    elapsed_ms: Annotated[float, "milliseconds of search"]
    plan: Annotated[str, "the query as it was understood"]


@attrs.frozen(kw_only=True)
class PartialHits:
    """The value of a `$/progress` notification under a partial-result token: the next hits, in order.

    Where candidates could not be compared word by word yet, what they lack is computed and a better order follows,
    which begins with `replaces`.
    """

    hits: Annotated[list[Hit], "best first"]
    replaces: Annotated[bool, "whether they take the place of all hits that came before"] = False


@attrs.frozen(kw_only=True)
class ExplainResult:
    """What `codeintel/explain` answers."""

    hit: Annotated[Hit | None, "the chunk at the position; null where nothing there is a candidate"] = None
    rank: Annotated[int | None, "its 1-based rank"] = None
    candidates: Annotated[int, "chunks that were ranked"]
    next_hit: Annotated[Hit | None, "the hit right below it; not at depth `one`"] = None
    without: Annotated[
        dict[str, int | None], "its rank without each channel; empty unless the depth is `full`"
    ]
    note: Annotated[str, "why it is no candidate, or what a channel could not look at yet; else empty"]
    summary: Annotated[str, "the explanation in one line, for people"]


@attrs.frozen(kw_only=True)
class WhyNotResult:
    """What `codeintel/whyNot` answers."""

    kind: Annotated[
        str,
        "`found`, `below` (ranked, not shown), `filtered` (a qualifier leaves it out), `notCandidate` (indexed, but "
        "too far from the query), `notIndexed`, `deleted`, or `unknown` (no such file, line or symbol)",
    ]
    note: Annotated[str, "what happened and what to do, in sentences for people"]
    rank: Annotated[int | None, "its 1-based rank, where it has one"] = None
    shown: Annotated[int | None, "how many hits are shown, where the query was asked"] = None
    hit: Annotated[Hit | None, "what was expected, with its contributions, where it is ranked"] = None
    last_shown: Annotated[
        Hit | None, "the last hit shown, with its contributions, where it is not among them"
    ] = None
    qualifier: Annotated[str | None, "the first qualifier that leaves it out, as understood"] = None
    reason: Annotated[str | None, "why it is left out or not indexed, as a clause for people"] = None


@attrs.frozen(kw_only=True)
class JudgeResult:
    """What `codeintel/judge` answers."""

    judgments: Annotated[int, "verdicts that stand in this workspace, this one among them"]


@attrs.frozen(kw_only=True)
class IndexingStage:
    """What is being indexed right now."""

    stage: Annotated[str, "what is being done"]
    done: Annotated[int, "units done"]
    total: Annotated[int, "units in all"]
    remaining_seconds: Annotated[float | None, "an estimate; null until a rate is known"] = None


@attrs.frozen(kw_only=True)
class RootStatus:
    """The index of one workspace root."""

    name: Annotated[str, "the root's name in hits"]
    uri: Annotated[str, "its folder"]
    index_folder: Annotated[str | None, "where its index lies; null where it is held in memory"] = None
    generation: Annotated[int, "counts the published states of the index"]
    files: Annotated[int, "files indexed"]
    skipped: Annotated[dict[str, int], "files skipped, by reason"]
    chunks: Annotated[int, "chunks that can be found by their words"]
    documents: Annotated[int, "files that have chunks"]
    structured: Annotated[int, "those whose syntax nodes, occurrences and symbols are known"]
    meaning: Annotated[int, "chunks that can be found by their meaning as well"]
    size_bytes: Annotated[int, "size of the index on disk"]
    last_indexed_at: Annotated[str | None, "ISO 8601; null where never"] = None
    languages: Annotated[dict[str, int], "files by language"]
    live: Annotated[int, "documents searched as they are in the editor, unsaved"]
    stale: Annotated[int, "documents known to have changed since they were read"]
    following: Annotated[bool, "whether another process writes the index, which this one follows"]
    outputs: Annotated[dict[str, int], "chunks with `tokens` or `terms`, where a channel asks for these"]


@attrs.frozen(kw_only=True)
class StatusResult:
    """What `codeintel/status` answers."""

    version: Annotated[str, "of the server"]
    encoder: Annotated[str, "the model of contextual vectors, as name@checksum"]
    static_table: Annotated[str, "the model of static vectors, as name@checksum"]
    encoded: Annotated[int, "passages that the encoder has read since the server started"]
    remembered: Annotated[int, "passages whose vectors the cache knew instead"]
    roots: Annotated[list[RootStatus], "one for each workspace root"]
    stage: Annotated[IndexingStage | None, "null while nothing is being indexed"] = None
    warnings: Annotated[list[str], "bad options, repaired artifacts and the like, for people"]


@attrs.frozen(kw_only=True)
class StatusChanged:
    """What the notification `codeintel/statusChanged` tells, for a status bar; `codeintel/status` has the rest."""

    state: Annotated[str, "`indexing`, `ready`, or `trouble` (searches go on, what is new cannot be kept)"]
    message: Annotated[str, "what is being done or what is wrong, for people; empty where nothing is"]
    chunks: Annotated[int, "chunks that can be found by their words"]
    meaning: Annotated[int, "chunks that can be found by their meaning as well"]
    documents: Annotated[int, "documents that have chunks"]
    structured: Annotated[int, "those whose syntax nodes, occurrences and symbols are known"]
    live: Annotated[int, "documents searched as they are in the editor, unsaved"]
    stale: Annotated[int, "documents known to have changed since they were read"]
    following: Annotated[bool, "whether another process writes an index, which this one follows"]


@attrs.frozen(kw_only=True)
class ReindexParams:
    """What the command `codeintel.server.reindex` takes."""

    force: Annotated[bool, "read and chunk every file again, changed or not"] = False


@attrs.frozen(kw_only=True)
class RebuildParams:
    """What the command `codeintel.server.rebuild` takes: nothing."""


@attrs.frozen(kw_only=True)
class FileParams:
    """What the command `codeintel.server.reindexFile` takes."""

    uri: Annotated[str, "the file, as a `file:` URI"]


@attrs.frozen(kw_only=True)
class ExportParams:
    """What the command `codeintel.server.exportIdMap` takes."""

    path: Annotated[
        str, "the file to write (.parquet, .csv or .jsonl); relative to the first root, or absolute"
    ]


@attrs.frozen(kw_only=True)
class PlaceParams:
    """What the command `codeintel.server.explain` takes."""

    query: Annotated[str, "the query whose ranking is explained"]
    uri: Annotated[str, "the file, as a `file:` URI"]
    line: Annotated[int, "any line of the chunk, 0-based"]


@attrs.frozen(kw_only=True)
class AbsenceParams:
    """What the command `codeintel.server.whyNot` takes: a query, and what was expected among its hits."""

    query: Annotated[str, "the query that was asked"]
    uri: Annotated[str | None, "the file, as a `file:` URI"] = None
    line: Annotated[int | None, "any line of the chunk, 0-based; without it, all of the file"] = None
    symbol: Annotated[str | None, "a name that the chunk defines or, where none does, mentions"] = None
    limit: Limit = None


@attrs.frozen(kw_only=True)
class VerdictParams:
    """What the command `codeintel.server.judge` takes."""

    query: Annotated[str, "the query that was asked"]
    uri: Annotated[str, "the file, as a `file:` URI"]
    line: Annotated[int, "any line of the chunk, 0-based"]
    verdict: Annotated[str, "`good`, `bad`, or `none`, which takes an earlier verdict back"]


@attrs.frozen(kw_only=True)
class LineParams:
    """What the command `codeintel.server.similar` takes."""

    uri: Annotated[str, "the file, as a `file:` URI"]
    line: Annotated[int, "any line of the chunk, 0-based"]
    limit: Limit = None


@attrs.frozen(kw_only=True)
class SymbolParams:
    """What the command `codeintel.server.references` takes: any position in a symbol's name."""

    uri: Annotated[str, "the file, as a `file:` URI"]
    line: Annotated[int, "0-based"]
    character: Annotated[int, "in the negotiated position encoding"]


@attrs.frozen(kw_only=True)
class SqlParams:
    """What the command `codeintel.server.sql` takes."""

    text: Annotated[str, "one SELECT of DuckDB's SQL over the views of the index"]
    max_rows: Annotated[int, "the most rows, 1 to 100,000"] = 1_000
    timeout_seconds: Annotated[float, "the most seconds that it may take, up to 50"] = 10.0


@attrs.frozen(kw_only=True)
class RefreshScipParams:
    """What the command `codeintel.server.refreshScip` takes: nothing."""


@attrs.frozen(kw_only=True)
class Reference:
    """A place where a symbol is named."""

    uri: Annotated[str, "the file, as a `file:` URI"]
    range: Annotated[types.Range, "the name"]


@attrs.frozen(kw_only=True)
class ReferencesResult:
    """What the command `codeintel.server.references` answers."""

    references: Annotated[list[Reference], "by root, file and place; definitions are none"]


@attrs.frozen(kw_only=True)
class SqlResult:
    """What the command `codeintel.server.sql` answers."""

    columns: Annotated[list[str], "the names of the columns"]
    types: Annotated[list[str], "their types, as DuckDB names them"]
    rows: Annotated[list[list[Any]], "the values of each row"]
    truncated: Annotated[bool, "whether there were more rows, or longer ones"]
    elapsed_ms: Annotated[float, "milliseconds that the statement took"]


@attrs.frozen(kw_only=True)
class IndexerRun:
    """What became of one indexer, or of one `index.scip` that somebody else made."""

    root: Annotated[str, "the name of the workspace root"]
    indexer: Annotated[str, "its name, e.g. `scip-python`"]
    copied: Annotated[int, "documents that it was given, or that its index has"]
    documents: Annotated[int, "documents of which its word was taken"]
    seconds: Annotated[float, "how long it took"]
    error: Annotated[str | None, "what it ended with; null where all is well"] = None
    remedy: Annotated[str | None, "what to do about that"] = None


@attrs.frozen(kw_only=True)
class RefreshScipResult:
    """What the command `codeintel.server.refreshScip` answers."""

    runs: Annotated[
        list[IndexerRun], "one for each indexer that has documents, and each index that was found"
    ]


@attrs.frozen(kw_only=True)
class IndexResult:
    """What the reindexing commands answer."""

    files: Annotated[int, "files indexed"]
    changed: Annotated[int, "files read because they were new or had changed"]
    removed: Annotated[int, "files that were gone"]
    skipped: Annotated[dict[str, int], "files not indexed, by reason"]
    chunks: Annotated[int, "chunks now in the index"]
    encoded: Annotated[int, "chunks encoded for their meaning"]
    seconds: Annotated[float, "how long it took"]


@attrs.frozen(kw_only=True)
class ExportResult:
    """What the command `codeintel.server.exportIdMap` answers."""

    path: Annotated[str, "the file written"]
    rows: Annotated[int, "rows in it"]


METHODS: Final[Mapping[str, tuple[type, type]]] = {
    SEARCH: (SearchParams, SearchResult),
    EXPLAIN: (ExplainParams, ExplainResult),
    WHY_NOT: (WhyNotParams, WhyNotResult),
    SIMILAR: (SimilarParams, SearchResult),
    JUDGE: (JudgeParams, JudgeResult),
    STATUS: (StatusParams, StatusResult),
}
"""The params and the result of each custom request."""

COMMANDS: Final[Mapping[str, tuple[type, type]]] = {
    "codeintel.server.search": (SearchParams, SearchResult),
    "codeintel.server.explain": (PlaceParams, ExplainResult),
    "codeintel.server.whyNot": (AbsenceParams, WhyNotResult),
    "codeintel.server.judge": (VerdictParams, JudgeResult),
    "codeintel.server.reindex": (ReindexParams, IndexResult),
    "codeintel.server.reindexFile": (FileParams, IndexResult),
    "codeintel.server.rebuild": (RebuildParams, IndexResult),
    "codeintel.server.exportIdMap": (ExportParams, ExportResult),
    "codeintel.server.status": (StatusParams, StatusResult),
    "codeintel.server.similar": (LineParams, SearchResult),
    "codeintel.server.references": (SymbolParams, ReferencesResult),
    "codeintel.server.sql": (SqlParams, SqlResult),
    "codeintel.server.refreshScip": (RefreshScipParams, RefreshScipResult),
}
"""What each command of `workspace/executeCommand` takes (an object, or its fields in order) and answers."""

NOTIFICATIONS: Final[Mapping[str, type]] = {STATUS_CHANGED: StatusChanged}
"""The params of each notification that the server sends."""

WIRE_TYPES: Final[tuple[type, ...]] = (
    *NOTIFICATIONS.values(),
    Evidence,
    Contribution,
    Hit,
    Coverage,
    PartialHits,
    IndexingStage,
    IndexerRun,
    Reference,
    RootStatus,
    *dict.fromkeys(kind for pair in (*METHODS.values(), *COMMANDS.values()) for kind in pair),
)


def camel_case(name: str) -> str:
    """`elapsed_ms` as `elapsedMs`."""
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


def converter() -> Converter:
    """pygls's converter, which also reads and writes the custom types."""
    known: Converter = default_converter()  # type: ignore[no-untyped-call]
    for kind in WIRE_TYPES:
        _register(known, kind)
    for request, response in MESSAGES.values():
        known.register_structure_hook(request, _request_reader(known, request))
        known.register_structure_hook(response, make_dict_structure_fn(response, known))
        for message in (request, response):
            known.register_unstructure_hook(message, _message_writer(known, message))
    return known


def field_types(kind: type) -> dict[str, tuple[Any, str]]:
    """The type and the meaning of each field of a wire type, by its name here."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: (get_args(hint)[0], get_args(hint)[1]) for name, hint in hints.items()}


def _register(known: Converter, kind: type) -> None:
    attrs.resolve_types(kind)
    names = {name: camel_case(name) for name in field_types(kind)}
    reading: dict[str, Any] = {
        name: override(rename=names[name], struct_hook=_STRICT.get(wanted))
        for name, (wanted, _) in field_types(kind).items()
    }
    writing: dict[str, Any] = {name: override(rename=wire_name) for name, wire_name in names.items()}
    read: Callable[[Any, Any], Any] = make_dict_structure_fn(kind, known, **reading)
    known.register_structure_hook(kind, lambda value, _: read(_present(value), kind))
    known.register_unstructure_hook(kind, make_dict_unstructure_fn(kind, known, **writing))


def _present(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"must be an object, not {json_name(value)}")
    return {name: field for name, field in value.items() if field is not None}


def json_name(value: Any) -> str:
    """What JSON calls the type of a value, with its article."""
    names = {type(None): "null", bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
    return names.get(type(value), "a number")


def _text(value: Any, _: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"must be a string, not {json_name(value)}")
    return value


def _integer(value: Any, _: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"must be an integer, not {json_name(value)}")
    if int(value) != value:  # editors that know only floats send 10.0
        raise TypeError(f"must be an integer, not {value}")
    return int(value)


def _number(value: Any, _: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"must be a number, not {json_name(value)}")
    return float(value)


def _flag(value: Any, _: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"must be true or false, not {json_name(value)}")
    return value


def _token(value: Any, _: Any) -> Token:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(f"must be a string or an integer, not {json_name(value)}")
    return value


_STRICT: Final[dict[Any, Callable[[Any, Any], Any]]] = {
    str: _text,
    str | None: _text,
    int: _integer,
    int | None: _integer,
    float: _number,
    bool: _flag,
    Token | None: _token,
}
"""cattrs alone would read 5 as '5' and 'no' as True."""


def _request_reader(known: Converter, request: type) -> Callable[[Any, Any], Any]:
    """Reads a request; absent or null params are an empty object, so that the missing field is named."""
    read: Callable[[Any, Any], Any] = make_dict_structure_fn(request, known)

    def read_request(value: dict[str, Any], _: Any) -> Any:
        params = value.get("params")
        return read({**value, "params": {} if params is None else params}, request)

    return read_request


def _message_writer(known: Converter, message: type) -> Callable[[Any], Any]:
    """Writes a message whole: method and version are defaults, which the converter leaves out elsewhere."""
    return make_dict_unstructure_fn(message, known, _cattrs_omit_if_default=False)


def _message_types(method: str, params: type, result: type) -> tuple[type, type]:
    name = params.__name__.removesuffix("Params")
    common = {
        "method": attrs.field(type=str, default=method),
        "jsonrpc": attrs.field(type=str, default="2.0"),
    }
    request = {"id": attrs.field(type=Any), "params": attrs.field(type=params), **common}
    response = {
        "id": attrs.field(type=Any),
        "result": attrs.field(type=result),
        "jsonrpc": common["jsonrpc"],
    }
    return attrs.make_class(f"{name}Request", request), attrs.make_class(f"{name}Response", response)


MESSAGES: Final = {method: _message_types(method, *pair) for method, pair in METHODS.items()}
"""The request and the response of each custom method, as pygls wants them."""
