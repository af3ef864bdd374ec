"""Ids that are derived from content."""

from __future__ import annotations

import hashlib


def content_id(*parts: str) -> str:
    """Derives an id from content: 16 hex digits of the SHA-256 over the parts, length-prefixed.

    64 bits keep the chance of one collision among ten million ids below 3e-6 (birthday bound n²/2⁶⁵).

    >>> content_id("a", "bc") != content_id("ab", "c")
    True
    """
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]
