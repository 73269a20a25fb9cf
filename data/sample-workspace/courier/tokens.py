"""Access tokens for the API: issued to people and agents, checked on every request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass

from courier.errors import TokenError

DEFAULT_LIFETIME = 3600


@dataclass(frozen=True)
class Claims:
    """Who the token speaks for, what it allows, and until when."""

    subject: str
    scopes: frozenset[str]
    expires_at: float

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


class TokenIssuer:
    """Issues and checks tokens under named keys, so that a key can be rotated without logging people out."""

    def __init__(self, keys: dict[str, bytes], current: str) -> None:
        if current not in keys:
            raise TokenError(f"there is no signing key {current!r}")
        self._keys = keys
        self._current = current

    def issue(self, subject: str, scopes: set[str], lifetime: float = DEFAULT_LIFETIME) -> str:
        claims = {"sub": subject, "scp": sorted(scopes), "exp": time.time() + lifetime, "kid": self._current}
        payload = _encode(json.dumps(claims).encode())
        return f"{payload}.{self._mac(self._current, payload)}"

    def validate(self, token: str) -> Claims:
        """The claims of a token that is ours and has not expired; TokenError for any other."""
        payload, _, mac = token.partition(".")
        try:
            fields = json.loads(_decode(payload))
            key = fields["kid"]
        except (ValueError, KeyError) as error:
            raise TokenError("the token is malformed") from error
        if key not in self._keys or not hmac.compare_digest(self._mac(key, payload), mac):
            raise TokenError("the token's signature is wrong")
        if fields["exp"] < time.time():
            raise TokenError("the token has expired")
        return Claims(fields["sub"], frozenset(fields["scp"]), fields["exp"])

    def refresh(self, token: str) -> str:
        """A new token with the same claims under the current key."""
        claims = self.validate(token)
        return self.issue(claims.subject, set(claims.scopes))

    def _mac(self, key: str, payload: str) -> str:
        return _encode(hmac.new(self._keys[key], payload.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
