"""What the editor hands over and gets back. Its document is text here and its pixels are bytes.

Pixels that the server does not have yet are blobs, named by the SHA-256 of their bytes, in hex; the
text names them, too. Only the editor knows how.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from scenario_desktop.api.models.assets import Asset


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is on the screen, for the draft on this computer.

    Attributes:
        text: the document with the names of its blobs.
        blobs: encoded pixels by name. Read once each, and only if not on the disk yet, in a thread.
        thumbnail: a small encoded picture, for the list of drafts.
        what: what was done since the last save, in a few words; "" where nobody can say.
    """

    text: str
    blobs: Mapping[str, bytes]
    thumbnail: bytes | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """What is on the screen, for the server.

    Attributes:
        blobs: one encoded picture per changed layer; need not be those of the draft.
        text: called with the asset for each blob's name, gives the document as it is stored.
        thumbnail: encoded; empty for none.
    """

    blobs: Mapping[str, bytes]
    text: Callable[[Mapping[str, str]], str]
    thumbnail: bytes = b""


class Editor(Protocol):
    """Where the session gets what is on the screen.

    ``draft`` and ``stored`` answer with a state that is at least as new as the call: it is frozen
    before they await anything. While what the session gave to be shown is not on the screen yet,
    they wait for it: what is still there belongs to another version, or to another draft.
    """

    async def draft(self) -> Drawn:
        """Return what is on the screen, encoded for the draft."""
        ...

    async def stored(self) -> Stored:
        """Return what is on the screen, encoded for the server."""
        ...

    async def until_rest(self) -> None:
        """Wait until the stroke that is being drawn, if there is one, is whole."""
        ...


@dataclass(frozen=True, slots=True)
class Revision:
    """What the server had when we last looked: what the strokes are drawn on.

    Attributes:
        snapshot: the hash of the newest snapshot, "" for none; None if not known.
        digest: SHA-256 of the document's text.
    """

    updated_at: datetime | None
    snapshot: str | None
    digest: str


@dataclass(slots=True)
class OpenCanvas:
    """A canvas that is open, as it is known here.

    Attributes:
        asset: as the server told it last.
        text: the document as the server has it, as far as we know.
        base: what the strokes are drawn on.
    """

    asset: Asset
    text: str
    base: Revision


@dataclass(frozen=True, slots=True)
class SaveResult:
    """A save that the server has.

    Attributes:
        asset_ids: what the blobs of what was saved have become, by name.
        text: the document as it is stored now.
    """

    asset: Asset
    asset_ids: Mapping[str, str]
    text: str
    is_snapshot: bool
