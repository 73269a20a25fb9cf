"""What a file is by convention, told by its path and its first lines: a test, an example, generated, …"""

import re
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

GENERATED_LINES: Final = 20
"""Generators say so at the top, after a licence at most (guess)."""

_HEADER_BYTES: Final = 4_000

_TEST_DIRECTORY = re.compile(
    r"^(tests?|testing|specs?|__tests__|testdata|fixtures?|mocks?|__mocks__|e2e)$", re.I
)
_TEST_STEM = re.compile(r"(^test_|_tests?$|[._-]test$|[._-]spec$|_spec$|^conftest$|[a-z]Tests?$|[a-z]Spec$)")
_EXAMPLE_DIRECTORY = re.compile(
    r"^(examples?|samples?|demos?|tutorials?|bench(mark)?s?|playground|sandbox|_?examples?)$", re.I
)
_VENDOR_DIRECTORY = re.compile(r"^(vendor|vendored|third_?party|external|compat|legacy|deprecated)$", re.I)
_DOC_LANGUAGES = frozenset({"markdown", "restructuredtext", "text", "asciidoc", "html"})
_DATA_LANGUAGES = frozenset({"json", "yaml", "toml", "xml", "ini", "csv", "css"})

_GENERATED_NAME = re.compile(
    r"(?:_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h|swift|gw\.go)|[._](?:pb|grpc)\.(?:js|ts|rb)|\.min\.(?:js|css|mjs)"
    r"|\.(?:g|freezed|gr)\.dart|\.(?:g|g\.i|designer)\.cs|[._]generated\.[\w.]+|[._-]gen\.(?:go|ts|rs)"
    r"|_gen\.py|(?:^|/)zz_generated[^/]*|(?:^|/)bindata\.go|(?:^|/)(?:package-lock|npm-shrinkwrap)\.json"
    r"|(?:^|/)(?:yarn|Cargo|poetry|uv|Gemfile|composer|mix|pnpm-lock)\.(?:lock|yaml))$",
    re.IGNORECASE,
)
_GENERATED_MARK = re.compile(
    r"^[ \t]*(?:#|//|/\*|\*|--|;|%|<!--|\{-|\"\"\"|''')"
    r"(?:.*(?:@generated\b|\bdo not (?:edit|modify)\b|\bcode generated\b"
    r"|\b(?:file|code|source|module|document|script|header)s? (?:\w+ ){1,2}(?:(?:auto[- ]?|machine[- ]))?generated\b)"
    # What else is generated, data or a value, is what the code is about, unless the comment begins with it.
    r"|[^\w\n]*(?:(?:auto[- ]?|automatically |machine[- ])generated\b|generated (?:by|from|with|using|code|file)\b))",
    re.IGNORECASE | re.MULTILINE,
)


@lru_cache(maxsize=65_536)
def place_of(uri: str, lang: str) -> str:
    """Where a file stands by convention: 'test', 'example', 'vendor', 'doc', 'data', or '' for plain code."""
    path = PurePosixPath(uri)
    directories = path.parent.parts
    if any(map(_TEST_DIRECTORY.match, directories)) or _TEST_STEM.search(path.stem):
        return "test"
    if any(map(_EXAMPLE_DIRECTORY.match, directories)):
        return "example"
    if any(map(_VENDOR_DIRECTORY.match, directories)):
        return "vendor"
    if lang in _DOC_LANGUAGES:
        return "doc"
    return "data" if lang in _DATA_LANGUAGES else ""


def is_generated(uri: str, text: str) -> bool:
    """Whether a program wrote the file, by its name or by a comment that says so in its first lines."""
    if _GENERATED_NAME.search(uri):
        return True
    header = "\n".join(re.split(r"\r\n|\n|\r", text[:_HEADER_BYTES])[:GENERATED_LINES])
    return _GENERATED_MARK.search(header) is not None
