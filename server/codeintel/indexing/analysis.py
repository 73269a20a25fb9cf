"""What a worker process does with a file: read, decode, chunk and tokenise it. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from codeintel.analysis.chunking import ChunkSpan, Parse, chunk
from codeintel.analysis.identifiers import terms
from codeintel.analysis.languages import language_of, parse
from codeintel.catalog.ids import content_hash
from codeintel.workspace.decoding import decode
from codeintel.workspace.files import SkippedFile, SourceFile
from codeintel.workspace.reading import SourceText, read_source
from codeintel.workspace.skipping import SkipRules

ANALYSIS_VERSION = (
    1  # raised when chunking or the analyser changes what rows hold: existing indexes are made anew
)
VANISHED = "deleted while it was indexed"
SNIFFED_CHARACTERS = 4_096  # enough for a shebang, a modeline, and the first declarations of a header


@dataclass(frozen=True, slots=True)
class AnalysisRules:
    """What analysis depends on besides the text: what to skip and how long a chunk may be (characters)."""

    skip: SkipRules
    chunk_chars: int


@dataclass(frozen=True, slots=True)
class AnalysedChunk:
    """A chunk's place, its text, and the terms that BM25 indexes it under, joined by spaces."""

    span: ChunkSpan
    content: str
    body: str


@dataclass(frozen=True, slots=True)
class FileAnalysis:
    """All that indexing learns from one file; `skip_reason` is set where it is not indexed."""

    file: SourceFile
    content_hash: int | None
    lang: str = "text"
    encoding: str = ""
    lines: int = 0
    parse_status: str = "none"
    chunks: tuple[AnalysedChunk, ...] = ()
    skip_reason: str | None = None


def analyse_files(files: tuple[SourceFile, ...], rules: AnalysisRules) -> list[FileAnalysis]:
    """Analyse a batch; broken text is data, so only a fault of the parser itself can raise."""
    return [analyse_file(file, rules) for file in files]


def analyse_file(file: SourceFile, rules: AnalysisRules) -> FileAnalysis:
    """Read and analyse one file; one that cannot be read or is not worth it comes back skipped."""
    source = read_source(file, rules.skip)
    if source is None:
        return FileAnalysis(file, None, skip_reason=VANISHED)
    if isinstance(source, SkippedFile):
        current = replace(file, size=source.size, mtime_ns=source.mtime_ns, ctime_ns=source.ctime_ns)
        return FileAnalysis(current, None, skip_reason=source.reason)
    return _analyse(source, rules, parse, {})


def analyse_text(
    file: SourceFile,
    data: bytes,
    rules: AnalysisRules,
    parser: Parse = parse,
    bodies: Mapping[str, str] | None = None,
) -> FileAnalysis:
    """What `analyse_file` gives for a file that holds `data`, an editor's text in UTF-8; `file.size` is set to match.

    `parser` may build on what it parsed before; `bodies` are the terms of contents that were analysed before.
    """
    current = replace(file, size=len(data))
    reason = rules.skip.reason_by_stat(file.uri, len(data)) or rules.skip.reason_by_content(data)
    if reason:
        return FileAnalysis(current, None, skip_reason=reason)
    return _analyse(SourceText(current, data, decode(data)), rules, parser, bodies or {})


def _analyse(
    source: SourceText, rules: AnalysisRules, parser: Parse, bodies: Mapping[str, str]
) -> FileAnalysis:
    text = source.decoded.text
    language = language_of(source.file.uri, text[:SNIFFED_CHARACTERS])
    chunked = chunk(text, language, rules.chunk_chars, parser)
    encoded = text.encode()
    contents = [encoded[span.start_byte : span.end_byte].decode() for span in chunked.spans]
    return FileAnalysis(
        source.file,
        content_hash(source.data),
        language.name,
        source.decoded.encoding,
        chunked.spans[-1].end_line + 1 if chunked.spans else 0,
        chunked.parse_status,
        tuple(
            AnalysedChunk(span, content, bodies.get(content) or " ".join(terms(content)))
            for span, content in zip(chunked.spans, contents, strict=True)
        ),
    )
