"""Unsaved strokes on this computer's disk: one folder per draft, whole after every crash.

New blobs of one write go into one pack file, then the manifest that names them takes the place of
the old one; each is written aside, flushed and renamed. So a stroke costs the disk two files,
however many layers there are, and whatever interrupts a write, the former draft stands. A draft
that cannot be read is moved into ``damaged`` and never deleted.

The manifest holds the lock's id: it is readable by its owner only, as the whole folder is.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from scenario_desktop.errors import AppError, BadInput, NewerFile, NotFound, StoreFailed
from scenario_desktop.services.canvas.content import Drawn, Revision
from scenario_desktop.store.files import read_bytes, write_atomic

_log = logging.getLogger(__name__)

VERSION: Final = 1
_MAGIC: Final = "scenario-desktop-draft"
_MANIFEST: Final = "draft.json"
_DAMAGED: Final = "damaged"
_GONE: Final = "gone-"
_BLOB: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"[0-9a-f]{32}")
#: Bytes no longer named, beyond those that are, before a write packs everything anew.
_SLACK: Final = 32 * 2**20


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
class Draft:
    """A draft as it was read.

    Attributes:
        missing: names of blobs that are damaged; the rest is whole.
    """

    note: DraftNote
    text: str
    blobs: Mapping[str, bytes]
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Recovery:
    """A draft in the list that is offered.

    Attributes:
        thumbnail: encoded by the editor; None if there is none.
        what: what was done in it, in a few words.
        folder: where a damaged one was put; None for all others.
    """

    id: str
    canvas_id: str
    name: str
    why: KeptWhy
    kept_at: datetime
    thumbnail: bytes | None = None
    folder: Path | None = None
    what: str = ""

    @property
    def is_damaged(self) -> bool:
        return self.folder is not None


@dataclass(frozen=True, slots=True)
class _Place:
    pack: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class _Contents:
    """What a manifest says of the strokes."""

    text: str = ""
    blobs: Mapping[str, _Place] = field(default_factory=dict)
    thumbnail: str = ""

    @property
    def names(self) -> set[str]:
        return {place.pack for place in self.blobs.values()}


class Disk:
    """The file operations of the drafts, so that tests can end the program between any two."""

    def write(self, path: Path, data: bytes) -> None:
        write_atomic(path, data)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def rename(self, path: Path, target: Path) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.rename(target)


def new_draft_id() -> str:
    return uuid.uuid4().hex


class DraftStore:
    """The drafts of one workspace. All methods block on the disk; any thread may call them."""

    def __init__(
        self, folder: Path, *, now: Callable[[], datetime] | None = None, disk: Disk | None = None
    ) -> None:
        self.folder = folder
        self._now = now or _utc_now
        self._disk = disk or Disk()
        self._known: dict[str, _Contents] = {}
        self._lock = threading.RLock()

    # --- writing ------------------------------------------------------------------------------

    def write(self, note: DraftNote, drawn: Drawn) -> DraftNote:
        """Put what is on the screen on the disk; returns the note with its time.

        Raises:
            StoreFailed: the disk is full or fails; the former draft stands.
        """
        with self._lock, _told():
            folder = self._folder_of(note.id)
            old = self._contents(note.id)
            wanted: dict[str, bytes | None] = dict.fromkeys(drawn.blobs)
            thumbnail = ""
            if drawn.thumbnail:
                thumbnail = hashlib.sha256(drawn.thumbnail).hexdigest()
                wanted[thumbnail] = drawn.thumbnail
            kept = {name: old.blobs[name] for name in wanted if name in old.blobs}
            if _is_wasteful(old, kept):
                kept = {}
            pack = folder / f"{uuid.uuid4().hex}.pack"
            data, places = _joined(pack.name, wanted.keys() - kept.keys(), wanted, drawn.blobs)
            contents = _Contents(drawn.text, {**kept, **places}, thumbnail)
            note = replace(note, kept_at=self._now())
            try:
                if data:
                    self._disk.write(pack, data)
                self._write_manifest(note, contents)
            except (StoreFailed, OSError):
                with contextlib.suppress(OSError):
                    self._disk.remove(pack)
                raise
            self._drop_packs(folder, contents)
            return note

    def put(self, note: DraftNote) -> None:
        """Change what is known of a draft and leave its strokes as they are.

        Raises:
            StoreFailed: the disk is full or fails; the former draft stands.
        """
        with self._lock, _told():
            self._write_manifest(note, self._contents(note.id))

    def clear(self, note: DraftNote) -> None:
        """Keep the note without strokes: the server has them.

        Raises:
            StoreFailed: the disk fails; the former draft stands.
        """
        with self._lock, _told():
            contents = _Contents()
            self._write_manifest(replace(note, has_strokes=False), contents)
            self._drop_packs(self._folder_of(note.id), contents)

    def remove(self, draft_id: str) -> None:
        """Delete a draft: its strokes are saved, or the user gave them up.

        Raises:
            StoreFailed: it could not be deleted.
        """
        with self._lock, _told():
            folder = self._folder_of(draft_id)
            self._known.pop(draft_id, None)
            if not folder.exists():
                return
            gone = folder.with_name(f"{_GONE}{draft_id}")
            self._disk.rename(folder, gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _write_manifest(self, note: DraftNote, contents: _Contents) -> None:
        body = json.dumps(_to_json(note, contents), separators=(",", ":")).encode()
        head = f"{_MAGIC} {VERSION} {hashlib.sha256(body).hexdigest()}\n".encode()
        self._disk.write(self._folder_of(note.id) / _MANIFEST, head + body)
        self._known[note.id] = contents

    def _drop_packs(self, folder: Path, contents: _Contents) -> None:
        named = contents.names
        for path in list(folder.iterdir()):
            is_ours = path.suffix in (".pack", ".new")
            if is_ours and path.name not in named:
                # What is left over wastes space, no more: the next write tries again.
                with contextlib.suppress(OSError):
                    self._disk.remove(path)

    # --- reading ------------------------------------------------------------------------------

    def notes(self) -> list[DraftNote]:
        """Return all drafts that can be read; the others are set aside.

        Raises:
            StoreFailed: the folder cannot be read.
        """
        return [found for found in self._all() if isinstance(found, DraftNote)]

    def recoveries(self) -> list[Recovery]:
        """Return the drafts with strokes, the newest first, and those just found to be damaged.

        Raises:
            StoreFailed: the folder cannot be read.
        """
        found: list[Recovery] = []
        with self._lock:
            for one in self._all():
                if isinstance(one, Recovery):
                    found.append(one)
                elif one.has_strokes:
                    found.append(
                        Recovery(
                            one.id, one.canvas_id, one.name, one.why, one.kept_at,
                            thumbnail=self._thumbnail(one.id), what=one.what,
                        )
                    )  # fmt: skip
        return sorted(found, key=lambda recovery: recovery.kept_at, reverse=True)

    def load(self, draft_id: str) -> Draft:
        """Read a draft whole.

        A blob that is damaged is left out and told; a copy of the folder is then put aside first.

        Raises:
            NotFound: there is no such draft.
            NewerFile: a later version of the program wrote it; it was left untouched.
            BadInput: it is damaged, and has been set aside.
            StoreFailed: the disk fails.
        """
        with self._lock:
            try:
                note, contents = self._read(draft_id)
            except _DamagedError as error:
                folder = self._set_aside(draft_id)
                raise BadInput(
                    "This draft is damaged and cannot be read; it was set aside.",
                    details=f"{folder}: {error}",
                ) from error
            blobs: dict[str, bytes] = {}
            missing: set[str] = set()
            for name in contents.blobs:
                data = self._blob(draft_id, contents, name)
                if data is None:
                    missing.add(name)
                elif name != contents.thumbnail:
                    blobs[name] = data
            if missing:
                self._copy_aside(draft_id)
                whole = {n: p for n, p in contents.blobs.items() if n not in missing}
                self._known[draft_id] = replace(contents, blobs=whole)
            return Draft(note, contents.text, blobs, frozenset(missing - {contents.thumbnail}))

    def _all(self) -> list[DraftNote | Recovery]:
        found: list[DraftNote | Recovery] = []
        with self._lock, _told():
            for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
                if folder.name.startswith(_GONE):
                    shutil.rmtree(folder, ignore_errors=True)
                elif folder.is_dir() and _ID.fullmatch(folder.name):
                    one = self._look(folder)
                    if one is not None:
                        found.append(one)
        return found

    def _look(self, folder: Path) -> DraftNote | Recovery | None:
        try:
            note, _ = self._read(folder.name)
        except NewerFile as error:
            _log.warning("%s", error.details)
            return None
        except NotFound:
            # The program ended before the first write was whole: there is no document to show.
            self._set_aside(folder.name)
            return None
        except _DamagedError as error:
            at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            target = self._set_aside(folder.name)
            _log.warning("a draft is damaged (%s) and was put into %s", error, target)
            return Recovery(folder.name, "", "", KeptWhy.OPEN, at, folder=target)
        return note

    def _read(self, draft_id: str) -> tuple[DraftNote, _Contents]:
        data = read_bytes(self._folder_of(draft_id) / _MANIFEST)
        if data is None:
            raise NotFound("This draft does not exist any more.")
        head, _, body = data.partition(b"\n")
        words = head.decode("ascii", "replace").split(" ")
        if len(words) != 3 or words[0] != _MAGIC or not words[1].isdecimal():
            raise _DamagedError("its first line is not that of a draft")
        if int(words[1]) > VERSION:
            raise NewerFile(
                "This draft was made by a later version of this program and was left untouched.",
                details=f"{self._folder_of(draft_id)}: version {words[1][:20]}",
            )
        if hashlib.sha256(body).hexdigest() != words[2]:
            raise _DamagedError("its content does not match its checksum")
        try:
            note, contents = _from_json(draft_id, json.loads(body))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _DamagedError(f"{type(error).__name__} in its content") from error
        self._known[draft_id] = contents
        return note, contents

    def _contents(self, draft_id: str) -> _Contents:
        """Return what is on the disk of a draft; nothing for one that is not there yet."""
        known = self._known.get(draft_id)
        if known is not None:
            return known
        try:
            return self._read(draft_id)[1]
        except NotFound:
            return _Contents()
        except _DamagedError:
            self._set_aside(draft_id)
            return _Contents()

    def _blob(self, draft_id: str, contents: _Contents, name: str) -> bytes | None:
        place = contents.blobs[name]
        try:
            with (self._folder_of(draft_id) / place.pack).open("rb") as file:
                file.seek(place.offset)
                data = file.read(place.size)
        except OSError as error:
            _log.warning("a part of a draft cannot be read: %s", error.strerror)
            return None
        return data if hashlib.sha256(data).hexdigest() == name else None

    def _thumbnail(self, draft_id: str) -> bytes | None:
        contents = self._contents(draft_id)
        if not contents.thumbnail or contents.thumbnail not in contents.blobs:
            return None
        return self._blob(draft_id, contents, contents.thumbnail)

    # --- folders ------------------------------------------------------------------------------

    def _folder_of(self, draft_id: str) -> Path:
        if not _ID.fullmatch(draft_id):
            raise NotFound("There is no such draft.")
        return self.folder / draft_id

    def _set_aside(self, draft_id: str) -> Path:
        target = self._aside(draft_id)
        self._known.pop(draft_id, None)
        self._disk.rename(self._folder_of(draft_id), target)
        return target

    def _copy_aside(self, draft_id: str) -> None:
        with _told():
            shutil.copytree(self._folder_of(draft_id), self._aside(draft_id))

    def _aside(self, draft_id: str) -> Path:
        stamp = self._now().strftime("%Y%m%d-%H%M%S")
        target = self.folder / _DAMAGED / f"{draft_id}-{stamp}"
        count = 1
        while target.exists():
            count += 1
            target = self.folder / _DAMAGED / f"{draft_id}-{stamp}-{count}"
        return target


class _DamagedError(Exception):
    """A manifest cannot be read."""


class _told(contextlib.AbstractContextManager[None]):  # noqa: N801 - used like a function
    """Turns the disk's errors into what a person can act upon."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        cause = error.__cause__ if isinstance(error, StoreFailed) else error
        if not isinstance(cause, OSError) or isinstance(error, NewerFile):
            return
        details = error.details if isinstance(error, AppError) else f"{cause.strerror or cause}"
        if cause.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFailed(
                "The disk is full: the latest strokes are only in this window.",
                hint="Free some space; the draft is then written by itself.",
                details=details,
            ) from error
        raise StoreFailed(
            "The draft could not be written: the latest strokes are only in this window.",
            hint="Check that the data folder is writable and the disk is in order.",
            details=details,
        ) from error


def _joined(
    pack: str, names: set[str], given: Mapping[str, bytes | None], blobs: Mapping[str, bytes]
) -> tuple[bytes, dict[str, _Place]]:
    """Join blobs into one pack; those that are not given are read from the others."""
    data = bytearray()
    places: dict[str, _Place] = {}
    for name in sorted(names):
        if not _BLOB.fullmatch(name):
            raise BadInput("A part of the canvas has no proper name.", details=name[:80])
        own = given[name]
        blob = own if own is not None else blobs[name]
        places[name] = _Place(pack, len(data), len(blob))
        data += blob
    return bytes(data), places


def _is_wasteful(old: _Contents, kept: Mapping[str, _Place]) -> bool:
    """Whether the packs hold much more than is still wanted of them."""
    if len({place.pack for place in kept.values()}) > 200:
        return True
    live = sum(place.size for place in kept.values())
    packs: dict[str, int] = {}
    for place in old.blobs.values():
        packs[place.pack] = max(packs.get(place.pack, 0), place.offset + place.size)
    held = sum(packs[name] for name in {place.pack for place in kept.values()})
    return held > 2 * live + _SLACK


def _utc_now() -> datetime:
    return datetime.now(UTC)


# --- the manifest ---------------------------------------------------------------------------------


def _to_json(note: DraftNote, contents: _Contents) -> dict[str, Any]:
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


def _from_json(draft_id: str, body: dict[str, Any]) -> tuple[DraftNote, _Contents]:
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
        str(name): _Place(Path(pack).name, int(offset), int(size))
        for name, (pack, offset, size) in body["blobs"].items()
    }
    return note, _Contents(str(body["text"]), places, str(body["thumbnail"]))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
