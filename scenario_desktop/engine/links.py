"""Addresses of the engine's own files: signed and expiring, or public for thumbnails."""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from urllib.parse import quote

from scenario_desktop.errors import Forbidden

#: Where the caller of the current request reached us; checked by the guard before it is set.
reached_at: ContextVar[str] = ContextVar("reached_at", default="")


class Links:
    """Makes and checks addresses.

    A signature covers the method, the path and the time of expiry, so an address is good for one
    thing only. The key is kept with the data: addresses outlive a restart.
    """

    def __init__(
        self, signing_key: str, *, lifetime_s: float, origin: str,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._key = bytes.fromhex(signing_key)
        self._lifetime_s = lifetime_s
        self._origin = origin
        self._clock = clock

    def expiry(self) -> int:
        """Return when an address made now expires: whole seconds since 1970, rounded up."""
        return math.ceil(self._clock() + self._lifetime_s)

    def file(self, file_id: str, extension: str) -> str:
        """Return a signed address of a stored content."""
        return self._signed("GET", f"/files/{file_id}.{extension}", self.expiry())

    def export(self, export_id: str, name: str) -> str:
        """Return a signed address of an archive or a converted picture, under a readable name."""
        return self._signed("GET", f"/exports/{export_id}/{quote(name, safe='')}", self.expiry())

    def part(self, upload_id: str, number: int, expires: int) -> str:
        """Return a signed address to PUT one part of an upload to."""
        return self._signed("PUT", f"/upload-parts/{upload_id}/{number}", expires)

    def sartiq_upload(self, method: str, upload_id: str) -> str:
        """Return a signed address to PUT a picture to, or to GET it from afterwards."""
        return self._signed(method, f"/sartiq-uploads/{upload_id}", self.expiry())

    def thumbnail(self, asset_id: str, thumbnail_id: str) -> str:
        return f"{reached_at.get() or self._origin}/thumbnails/{asset_id}-{thumbnail_id}"

    def check(self, method: str, path: str, query: Mapping[str, str]) -> None:
        """Let a signed request pass.

        Args:
            path: as it stands in the address, still percent-encoded.

        Raises:
            Forbidden: the signature is wrong or its time is over.
        """
        expires, signature = query.get("Expires", ""), query.get("Signature", "")
        expected = self._signature("GET" if method == "HEAD" else method, path, expires)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise Forbidden("The signature of this address is not valid.")
        if self._clock() >= int(expires):
            raise Forbidden("This address has expired.", hint="Read the record again.")

    def _signed(self, method: str, path: str, expires: int) -> str:
        signature = self._signature(method, path, str(expires))
        origin = reached_at.get() or self._origin
        return f"{origin}{path}?Expires={expires}&Signature={signature}"

    def _signature(self, method: str, path: str, expires: str) -> str:
        message = f"{method}\n{path}\n{expires}".encode()
        return hmac.digest(self._key, message, "sha256").hex()
