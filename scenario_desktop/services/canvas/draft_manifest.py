"""What a draft's folder says of itself: one line that names the format, then a checked JSON text.

The manifest holds the lock's id: it is readable by its owner only, as the whole folder is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from scenario_desktop.errors import NewerFile
from scenario_desktop.services.canvas.content import Revision

VERSION: Final = 1
_MAGIC: Final = "scenario-desktop-draft"


class KeptWhy(StrEnum):
    """Why strokes are in a draft."""

    OPEN = "open"  # being drawn; after a crash: they were
    REFUSED = "refused"  # drawn while somebody else held the lock
    CLOSED = "closed"  # the canvas was closed without saving
    REPLACED = "replaced"  # put aside for somebody else's version
    THEIRS = "theirs"  # somebody else's version, before ours took its place
    LATE = "late"  # saved, but an older save of ours arrived after it


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that was sent, and the number of the edit that it contained last."""

    digest: str
    edit: int
    is_doubtful: bool = False


@dataclass(frozen=True, slots=True)
class DraftNote:
    """What is known of a draft besides its strokes.

    Attributes:
        edit: the number of the last edit in it.
        has_strokes: whether there is anything that the server may not have.
        base: what the strokes were drawn on; None for a canvas that no server has yet.
        lock_id: the lock that was held, "" for none; lock_until by the server's clock.
        sent: texts that may be on the server and would be ours, the newest last.
        uploads: assets by the name of the blob; "" while nobody knows whether it arrived.
        what: what was done in it, in a few words.
    """

    id: str
    canvas_id: str
    name: str = ""
    why: KeptWhy = KeptWhy.OPEN
    kept_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    edit: int = 0
    has_strokes: bool = False
    base: Revision | None = None
    lock_id: str = field(default="", repr=False)
    lock_until: datetime | None = None
    sent: tuple[Sent, ...] = ()
    uploads: Mapping[str, str] = field(default_factory=dict)
    what: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether a save is under way that may still arrive."""
        return any(sent.is_doubtful for sent in self.sent)


@dataclass(frozen=True, slots=True)
class Place:
    pack: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What a manifest says of the strokes."""

    text: str = ""
    blobs: Mapping[str, Place] = field(default_factory=dict)
    thumbnail: str = ""

    @property
    def names(self) -> set[str]:
        return {place.pack for place in self.blobs.values()}


class DamagedManifest(Exception):
    """A manifest cannot be read."""


def to_bytes(note: DraftNote, contents: Contents) -> bytes:
    """Return the manifest as it lies on the disk."""
    body = json.dumps(_to_json(note, contents), separators=(",", ":")).encode()
    head = f"{_MAGIC} {VERSION} {hashlib.sha256(body).hexdigest()}\n".encode()
    return head + body


def from_bytes(folder: Path, data: bytes) -> tuple[DraftNote, Contents]:
    """Read the manifest of a draft's folder.

    Raises:
        NewerFile: a later version of the program wrote it.
        DamagedManifest: why it cannot be read.
    """
    head, _, body = data.partition(b"\n")
    words = head.decode("ascii", "replace").split(" ")
    if len(words) != 3 or words[0] != _MAGIC or not words[1].isdecimal():
        raise DamagedManifest("its first line is not that of a draft")
    if int(words[1]) > VERSION:
        raise NewerFile(
            "This draft was made by a later version of this program and was left untouched.",
            details=f"{folder}: version {words[1][:20]}",
        )
    if hashlib.sha256(body).hexdigest() != words[2]:
        raise DamagedManifest("its content does not match its checksum")
    try:
        note, contents = _from_json(folder.name, json.loads(body))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DamagedManifest(f"{type(error).__name__} in its content") from error
    return note, contents


def _to_json(note: DraftNote, contents: Contents) -> dict[str, Any]:
    base = note.base
    return {
        "canvas": note.canvas_id,
        "name": note.name,
        "why": note.why.value,
        "kept_at": note.kept_at.isoformat(),
        "edit": note.edit,
        "has_strokes": note.has_strokes,
        "base": base
        and {
            "updated_at": _iso(base.updated_at),
            "snapshot": base.snapshot,
            "digest": base.digest,
        },
        "lock": {"id": note.lock_id, "until": _iso(note.lock_until)},
        "sent": [[sent.digest, sent.edit, sent.is_doubtful] for sent in note.sent],
        "uploads": dict(note.uploads),
        "what": note.what,
        "text": contents.text,
        "blobs": {name: [p.pack, p.offset, p.size] for name, p in contents.blobs.items()},
        "thumbnail": contents.thumbnail,
    }


def _from_json(draft_id: str, body: dict[str, Any]) -> tuple[DraftNote, Contents]:
    base = body["base"]
    note = DraftNote(
        id=draft_id,
        canvas_id=str(body["canvas"]),
        name=str(body["name"]),
        why=KeptWhy(body["why"]),
        kept_at=datetime.fromisoformat(body["kept_at"]),
        edit=int(body["edit"]),
        has_strokes=bool(body["has_strokes"]),
        base=Revision(_at(base["updated_at"]), base["snapshot"], base["digest"]) if base else None,
        lock_id=str(body["lock"]["id"]),
        lock_until=_at(body["lock"]["until"]),
        sent=tuple(Sent(str(d), int(e), bool(doubtful)) for d, e, doubtful in body["sent"]),
        uploads={str(name): str(asset_id) for name, asset_id in body["uploads"].items()},
        what=str(body.get("what", "")),  # drafts of before do not have it
    )
    places = {
        str(name): Place(Path(pack).name, int(offset), int(size))
        for name, (pack, offset, size) in body["blobs"].items()
    }
    return note, Contents(str(body["text"]), places, str(body["thumbnail"]))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
