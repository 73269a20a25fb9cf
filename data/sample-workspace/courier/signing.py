"""Signatures by which a receiver knows that a webhook is ours and fresh."""

from __future__ import annotations

import hashlib
import hmac
import time

TOLERANCE_SECONDS = 300


def sign(secret: bytes, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp and the body, in hex."""
    return hmac.new(secret, b"%d." % timestamp + body, hashlib.sha256).hexdigest()


def signature_headers(secret: bytes, body: bytes) -> dict[str, str]:
    timestamp = int(time.time())
    return {"X-Courier-Timestamp": str(timestamp), "X-Courier-Signature": sign(secret, timestamp, body)}


def verify(secret: bytes, timestamp: int, body: bytes, signature: str, now: float | None = None) -> bool:
    """Whether a signature is right and recent; a stale one may be a replay."""
    age = abs((now if now is not None else time.time()) - timestamp)
    return age <= TOLERANCE_SECONDS and hmac.compare_digest(sign(secret, timestamp, body), signature)
