"""Macros that stop a C parser from seeing the declaration behind them: found by their looks, blanked before
parsing."""

import re

# Every repetition is possessive or bounded: these run over whole documents, hostile ones included.
_MACRO = rb"[A-Z][A-Z0-9]*+_[A-Z0-9_]++(?!\w)"
_ARGUMENTS = rb"(?:\((?:[^()\n]|\([^()\n]{0,200}\)){0,400}\))?"

_ALONE = re.compile(
    rb"^[ \t]*(" + _MACRO + rb"[ \t]*" + _ARGUMENTS + rb")[ \t]*$(?!\s*(?:[{;,)=.+\-*|&<>?:]|/[^/*]))",
    re.MULTILINE,
)
"""A macro that is all of its line, and neither a function's head nor an operand."""

_KEYWORD = (
    rb"(?:static|inline|constexpr|const|auto|class|struct|enum|union|void|int|bool|char|short|long|unsigned|signed|float"
    rb"|double|explicit|template|typename|friend|virtual|namespace|using|operator|typedef|extern|size_t|ssize_t)\b"
)
_TYPE_AND_NAME = rb"[A-Za-z_][\w:]*+(?:<[^;{}()\n]{0,200}>)?[ \t*&]{1,40}[A-Za-z_~][\w:~]*+[ \t]{0,40}\("
_CONSTRUCTOR = rb"~?[a-z_]\w*+\("
_MODIFIER = re.compile(
    rb"(?<![\w#])(" + _MACRO + rb")(?=\s{1,80}(?:" + _MACRO + rb"\s{1,80}){0,4}"
    rb"(?:" + _KEYWORD + rb"|" + _TYPE_AND_NAME + rb"|" + _CONSTRUCTOR + rb"))"
)  # fmt: skip
"""A macro before a declaration: `UV_EXTERN int uv_run(`, `FMT_CONSTEXPR auto size()`."""

_TAGGED = re.compile(rb"\b(?:class|struct|union)[ \t]+(" + _MACRO + rb")(?=[ \t]+[A-Za-z_]\w*)")
"""A macro between a tag and a name: `class FMT_API error`."""

_DIRECTIVE = re.compile(rb"^[ \t]*#(?:[^\n\\]|\\.|\\\r?\n)*", re.MULTILINE)


def without_macros(source: bytes) -> bytes:
    """The source with such macros as spaces, so that positions stay; directives are left as they are."""
    pieces, end = [], 0
    for directive in _DIRECTIVE.finditer(source):
        pieces += [_blanked(source[end : directive.start()]), directive[0]]
        end = directive.end()
    return b"".join([*pieces, _blanked(source[end:])])


def _blanked(code: bytes) -> bytes:
    for pattern in (_ALONE, _MODIFIER, _TAGGED):
        code = pattern.sub(_as_spaces, code)
    return code


def _as_spaces(found: re.Match[bytes]) -> bytes:
    before, after = found.start(1) - found.start(), found.end() - found.end(1)
    whole = found[0]
    return whole[:before] + b" " * len(found[1]) + whole[len(whole) - after :]
