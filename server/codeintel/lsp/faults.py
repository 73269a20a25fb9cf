"""What goes over the wire when something is wrong: errors and unreadable params as JSON-RPC errors.

Whether something is wrong is decided elsewhere. No stack trace leaves here; the log has it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from cattrs import BaseValidationError, transform_error
from cattrs.v import format_exception
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from codeintel.errors import Cancelled, CodeIntelError, NotReady, QueryError, UsageError
from codeintel.lsp.protocol import camel_case

log = logging.getLogger(__name__)

PARSE_ERROR: Final = int(types.ErrorCodes.ParseError)
INVALID_REQUEST: Final = int(types.ErrorCodes.InvalidRequest)
METHOD_NOT_FOUND: Final = int(types.ErrorCodes.MethodNotFound)
INVALID_PARAMS: Final = int(types.ErrorCodes.InvalidParams)
INTERNAL_ERROR: Final = int(types.ErrorCodes.InternalError)
NOT_INITIALIZED: Final = int(types.ErrorCodes.ServerNotInitialized)
REQUEST_CANCELLED: Final = int(types.LSPErrorCodes.RequestCancelled)
REQUEST_FAILED: Final = int(types.LSPErrorCodes.RequestFailed)

RETRY_AFTER_MS: Final = 500
"""How soon to ask again while nothing is searchable: the text tier takes seconds; a guess."""


def wire_error(error: BaseException, doing: str) -> types.ResponseError:
    """The JSON-RPC error for whatever ended the request `doing`; what is a bug is logged with its trace."""
    if isinstance(error, JsonRpcException):
        return error.to_response_error()
    if isinstance(error, CodeIntelError):
        return _expected(error)
    log.error("%s failed", doing, exc_info=error)
    return types.ResponseError(
        INTERNAL_ERROR, f"Internal error in {doing}; the server's log has the details."
    )


def _expected(error: CodeIntelError) -> types.ResponseError:
    if isinstance(error, UsageError):
        return types.ResponseError(INVALID_PARAMS, str(error), _usage_data(error))
    if isinstance(error, Cancelled):
        return types.ResponseError(REQUEST_CANCELLED, str(error))
    if isinstance(error, NotReady):
        data = {"retry": True, "retryAfterMs": RETRY_AFTER_MS}
        return types.ResponseError(REQUEST_FAILED, str(error), data)
    return types.ResponseError(REQUEST_FAILED, str(error))


def _usage_data(error: UsageError) -> Mapping[str, Any]:
    data = {"field": camel_case(error.field), "reason": error.message}
    return data | ({"column": error.column} if isinstance(error, QueryError) else {})


def unreadable(error: BaseValidationError, within: str = "") -> types.ResponseError:
    """-32602 for params that do not fit their type, naming each field that is wrong.

    `within` is the wire path of the value that was read, if it was not the whole message.
    """
    faults = [_fault(line, within) for line in transform_error(error, format_exception=_reason)]
    message = "; ".join(f"{field} {reason}" for field, reason in faults)
    field, reason = faults[0]
    return types.ResponseError(
        INVALID_PARAMS, f"Invalid params: {message}.", {"field": field, "reason": reason}
    )


def fields(error: BaseValidationError) -> list[str]:
    """The wire path of each field of the params that cannot be read."""
    return [_fault(line, "")[0] for line in transform_error(error, format_exception=_reason)]


def _fault(line: str, within: str) -> tuple[str, str]:
    """A line of cattrs, `reason @ $.params.text_document`, as the field's wire path and the reason."""
    reason, _, path = line.rpartition(" @ $")
    names = [camel_case(name) for name in f"{within}{path}".removeprefix(".params").strip(".").split(".")]
    return ".".join(names) or "params", reason


def _reason(error: BaseException, kind: type | None) -> str:
    if isinstance(error, KeyError):
        return "is required"
    if isinstance(error, TypeError) and str(error).startswith("must be"):
        return str(error)
    if kind in (int, str, float, bool) or isinstance(error, ValueError | TypeError):
        return f"must be {_type_name(kind)}"
    return format_exception(error, kind)


def _type_name(kind: type | None) -> str:
    known = {int: "an integer", str: "a string", float: "a number", bool: "true or false"}
    return known.get(kind, f"a valid {getattr(kind, '__name__', 'value')}") if kind else "a valid value"
