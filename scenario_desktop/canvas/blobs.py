"""How pixels that are not uploaded yet are named, in documents and in drafts."""

from __future__ import annotations

import hashlib


def blob_key(data: bytes) -> str:
    """Return the name of encoded pixels: the SHA-256 of their bytes, in hex."""
    return hashlib.sha256(data).hexdigest()
