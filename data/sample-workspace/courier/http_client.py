"""One HTTP request to a receiver, its answer turned into success, a transient or a permanent failure."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from courier.errors import PermanentError, TransientError
from courier.message import Message
from courier.retry import is_retryable_status
from courier.signing import signature_headers

USER_AGENT = "courier/2.4"


@dataclass(frozen=True)
class Response:
    status: int
    reason: str
    retry_after: float | None


class HttpClient:
    """Posts messages; keeps no connection open, for receivers are many and far between."""

    def __init__(self, timeout: float = 10.0, secret: bytes | None = None) -> None:
        self.timeout = timeout
        self._secret = secret

    def deliver(self, message: Message) -> Response:
        """Post the message; raises TransientError or PermanentError unless the answer is a 2xx."""
        try:
            response = self._post(message)
        except ssl.SSLCertVerificationError as error:
            raise PermanentError(f"certificate of {message.host}: {error.verify_message}") from error
        except (TimeoutError, socket.gaierror, ConnectionError, HTTPException) as error:
            raise TransientError(f"{message.host}: {error or type(error).__name__}") from error
        if 200 <= response.status < 300:
            return response
        text = f"{message.host} answered {response.status} {response.reason}"
        if is_retryable_status(response.status):
            raise TransientError(text, retry_after=response.retry_after)
        raise PermanentError(text)

    def _post(self, message: Message) -> Response:
        parts = urlsplit(message.url)
        connection_class = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = connection_class(parts.netloc, timeout=self.timeout)
        headers = {"User-Agent": USER_AGENT, "X-Courier-Id": message.id, **message.headers}
        if self._secret:
            headers |= signature_headers(self._secret, message.body)
        try:
            connection.request("POST", f"{parts.path or '/'}?{parts.query}".rstrip("?"), message.body, headers)
            answer = connection.getresponse()
            return Response(answer.status, answer.reason, parse_retry_after(answer.getheader("Retry-After")))
        finally:
            connection.close()


def parse_retry_after(value: str | None) -> float | None:
    """The seconds a Retry-After header asks for, given as a number or as a date."""
    if value is None:
        return None
    if value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
