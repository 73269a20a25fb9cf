"""The HTTP interface: accept messages, report the queue, resurrect dead letters."""

from __future__ import annotations

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from courier.errors import TokenError
from courier.message import Message
from courier.metrics import Metrics
from courier.storage import QueueStore
from courier.tokens import Claims, TokenIssuer

MAX_BODY = 1 << 20


class ApiServer(ThreadingHTTPServer):
    """Carries what the handlers need; each request runs on its own thread."""

    def __init__(self, address: tuple[str, int], database: str, issuer: TokenIssuer, metrics: Metrics) -> None:
        super().__init__(address, RequestHandler)
        self.database = database
        self.issuer = issuer
        self.metrics = metrics


class RequestHandler(BaseHTTPRequestHandler):
    server: ApiServer

    def do_GET(self) -> None:
        if self.path == "/healthz":
            return self._reply(HTTPStatus.OK, {"status": "ok"})
        if self.path == "/metrics":
            return self._text(self.server.metrics.render())
        if self.path == "/v1/queue" and self._authorised("queue:read"):
            return self._reply(HTTPStatus.OK, QueueStore(self.server.database).counts())
        return None

    def do_POST(self) -> None:
        if self.path != "/v1/messages":
            return self._reply(HTTPStatus.NOT_FOUND, {"error": "no such resource"})
        if not self._authorised("messages:write"):
            return None
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_BODY:
            return self._reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "body over 1 MiB"})
        fields = json.loads(self.rfile.read(length))
        message = Message(fields["url"], json.dumps(fields["body"]).encode(), fields.get("headers", {}))
        QueueStore(self.server.database).enqueue(message)
        return self._reply(HTTPStatus.ACCEPTED, {"id": message.id})

    def _authorised(self, scope: str) -> bool:
        """Check the bearer token; answers the request itself when it is refused."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims: Claims = self.server.issuer.validate(token)
        except TokenError as error:
            self._reply(HTTPStatus.UNAUTHORIZED, {"error": str(error)})
            return False
        if not claims.allows(scope):
            self._reply(HTTPStatus.FORBIDDEN, {"error": f"the token lacks {scope}"})
            return False
        return True

    def _reply(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _text(self, text: str) -> None:
        self._send(HTTPStatus.OK, "text/plain; version=0.0.4", text.encode())

    def _send(self, status: HTTPStatus, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
