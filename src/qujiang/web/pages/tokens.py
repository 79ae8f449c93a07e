"""The two hidden marks of a form: that it comes from this session's own page, and that it counts once."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def form_token(session_token: str) -> str:
    """A mark of the session under a fresh salt: ``salt.digest``."""
    salt = secrets.token_hex(8)
    return f"{salt}.{_digest(session_token, salt)}"


def form_token_matches(session_token: str, given: str) -> bool:
    """Whether a form's mark was made for this session; compared in constant time."""
    salt, _, digest = given.partition(".")
    return hmac.compare_digest(_digest(session_token, salt).encode(), digest.encode("utf-8", "replace"))


def once() -> str:
    """A new idempotency key."""
    return secrets.token_hex(12)


def _digest(session_token: str, salt: str) -> str:
    return hmac.new(session_token.encode(), f"form:{salt}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()
