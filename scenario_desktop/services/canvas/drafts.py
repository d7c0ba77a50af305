"""Unsaved strokes on this computer's disk: one folder per draft, whole after every crash.

New blobs of one write go into one pack file, then the manifest that names them takes the place of
the old one; each is written aside, flushed and renamed. So a stroke costs the disk two files,
however many layers there are, and whatever interrupts a write, the former draft stands. A draft
that cannot be read is moved into ``damaged`` and never deleted.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from scenario_desktop.errors import AppError, BadInput, NewerFile, NotFound, StoreFailed
from scenario_desktop.services.canvas.content import Drawn
from scenario_desktop.services.canvas.draft_manifest import (
    Contents,
    DamagedManifest,
    DraftNote,
    KeptWhy,
    Place,
    from_bytes,
    to_bytes,
)
from scenario_desktop.store.files import read_bytes, write_atomic

_log = logging.getLogger(__name__)

_MANIFEST: Final = "draft.json"
_DAMAGED: Final = "damaged"
_GONE: Final = "gone-"
_BLOB: Final = re.compile(r"[0-9a-f]{64}")
_ID: Final = re.compile(r"[0-9a-f]{32}")
#: Bytes no longer named, beyond those that are, before a write packs everything anew.
_SLACK: Final = 32 * 2**20


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
        self._known: dict[str, Contents] = {}
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
            contents = Contents(drawn.text, {**kept, **places}, thumbnail)
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
            contents = Contents()
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

    def _write_manifest(self, note: DraftNote, contents: Contents) -> None:
        data = to_bytes(note, contents)
        self._disk.write(self._folder_of(note.id) / _MANIFEST, data)
        self._known[note.id] = contents

    def _drop_packs(self, folder: Path, contents: Contents) -> None:
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
            except DamagedManifest as error:
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
        except DamagedManifest as error:
            at = datetime.fromtimestamp(folder.stat().st_mtime, UTC)
            target = self._set_aside(folder.name)
            _log.warning("a draft is damaged (%s) and was put into %s", error, target)
            return Recovery(folder.name, "", "", KeptWhy.OPEN, at, folder=target)
        return note

    def _read(self, draft_id: str) -> tuple[DraftNote, Contents]:
        data = read_bytes(self._folder_of(draft_id) / _MANIFEST)
        if data is None:
            raise NotFound("This draft does not exist any more.")
        note, contents = from_bytes(self._folder_of(draft_id), data)
        self._known[draft_id] = contents
        return note, contents

    def _contents(self, draft_id: str) -> Contents:
        """Return what is on the disk of a draft; nothing for one that is not there yet."""
        known = self._known.get(draft_id)
        if known is not None:
            return known
        try:
            return self._read(draft_id)[1]
        except NotFound:
            return Contents()
        except DamagedManifest:
            self._set_aside(draft_id)
            return Contents()

    def _blob(self, draft_id: str, contents: Contents, name: str) -> bytes | None:
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
) -> tuple[bytes, dict[str, Place]]:
    """Join blobs into one pack; those that are not given are read from the others."""
    data = bytearray()
    places: dict[str, Place] = {}
    for name in sorted(names):
        if not _BLOB.fullmatch(name):
            raise BadInput("A part of the canvas has no proper name.", details=name[:80])
        own = given[name]
        blob = own if own is not None else blobs[name]
        places[name] = Place(pack, len(data), len(blob))
        data += blob
    return bytes(data), places


def _is_wasteful(old: Contents, kept: Mapping[str, Place]) -> bool:
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
