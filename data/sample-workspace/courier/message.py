"""The unit of work: one webhook on its way to one receiver."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Message:
    """An immutable delivery; a further attempt is a copy with a higher count."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    attempts: int = 0

    @property
    def host(self) -> str:
        """The receiver, as limits and breakers know it."""
        return urlsplit(self.url).netloc.lower()

    def attempted(self) -> Message:
        return replace(self, attempts=self.attempts + 1)

    def to_json(self) -> str:
        """A single line, fit for the spool and the dead-letter file."""
        fields: dict[str, Any] = {
            "id": self.id,
            "url": self.url,
            "body": self.body.decode("utf-8", "surrogateescape"),
            "headers": self.headers,
            "created_at": self.created_at.isoformat(),
            "attempts": self.attempts,
        }
        return json.dumps(fields, separators=(",", ":"))

    @classmethod
    def from_json(cls, line: str) -> Message:
        fields = json.loads(line)
        fields["body"] = fields["body"].encode("utf-8", "surrogateescape")
        fields["created_at"] = datetime.fromisoformat(fields["created_at"])
        return cls(**fields)
