"""The strokes that the server does not have: counted as they are drawn, and kept on the disk.

Edits are numbered. Three numbers tell where they are: the last on the screen, the last on the disk
and the last on the server. What it must not do: talk to the server, or let a stroke leave the
screen before it is on the disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from scenario_desktop.errors import AppError, StoreFailed
from scenario_desktop.services.canvas.content import Drawn, Editor, OpenCanvas, Revision
from scenario_desktop.services.canvas.draft_manifest import DraftNote, KeptWhy, Sent
from scenario_desktop.services.canvas.drafts import new_draft_id
from scenario_desktop.services.canvas.room import Room

#: Texts of ours that are remembered, to tell them from somebody else's.
_SENT: Final = 20
#: Why a draft lies there that is offered where its canvas is opened.
_LEFT: Final = frozenset({KeptWhy.OPEN, KeptWhy.CLOSED, KeptWhy.REFUSED})
#: Between the words for what was done in one run and the next, how many are told, and of the rest.
_THEN, _PARTS, _EARLIER = ", then ", 3, "Earlier work"


def joined(before: str, now: str) -> str:
    """Return in a few words what is in a draft that was gone on with, however often."""
    parts = [part for part in (*before.split(_THEN), now) if part]
    parts = [part for number, part in enumerate(parts) if part not in parts[number - 1 : number]]
    return _THEN.join(parts if len(parts) <= _PARTS else (_EARLIER, *parts[1 - _PARTS :]))


class WorkingDraft:
    """The draft of an open canvas; another one takes its place where strokes leave the screen.

    Attributes:
        note: what is known of it besides the strokes.
        edit: the number of the last edit on the screen.
        drafted: the number of the last one on the disk.
        saved: the number of the last one on the server.
        kept_id: the draft with strokes that left the screen, or were left at its end.
    """

    def __init__(
        self,
        room: Room,
        editor: Editor,
        canvas: OpenCanvas,
        *,
        on_kept: Callable[[datetime], object],
        on_failed: Callable[[AppError], object],
        on_set_aside: Callable[[str], object],
    ) -> None:
        """
        Args:
            on_kept: what is on the screen is on the disk.
            on_failed: it is not. Told once, until it is again.
            on_set_aside: the strokes are in the draft with this id and count as off the screen.
        """
        self._run, self._store = room.run, room.drafts
        self._clock, self._times = room.clock, room.times
        self._editor = editor
        self._canvas = canvas
        self._on_kept, self._on_failed, self._on_set_aside = on_kept, on_failed, on_set_aside
        self.note = DraftNote(new_draft_id(), canvas.asset.id, canvas.asset.name, base=canvas.base)
        self.edit = self.drafted = self.saved = self.note.edit
        self.kept_id: str | None = None
        self._what = ""  # what was done in it before it was taken up
        self._is_failing = False
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()

    @property
    def is_unsaved(self) -> bool:
        """Whether there are strokes that the server does not have."""
        return self.edit > self.saved

    @property
    def is_safe(self) -> bool:
        """Whether everything that the server does not have is on the disk."""
        return self.edit <= max(self.drafted, self.saved)

    @property
    def lock(self) -> dict[str, Any]:
        """What is noted of the lock, for the next draft's note."""
        return {"lock_id": self.note.lock_id, "lock_until": self.note.lock_until}

    @property
    def own_digests(self) -> set[str]:
        """Digests of the texts that may be on the server and would be ours."""
        return {sent.digest for sent in self.note.sent}

    def count_edit(self) -> None:
        self.edit += 1
        self._wake.set()

    def note_base(self) -> None:
        """Note what the strokes are drawn on now; the disk is told by what is written next."""
        self.note = replace(self.note, base=self._canvas.base)

    # --- writing ------------------------------------------------------------------------------

    async def write_as_drawn(self) -> None:
        """Write whenever something was drawn, without end."""
        begun_s = float("-inf")
        while True:
            await self._wake.wait()
            # Counted from the last beginning: what was drawn while that one ran has waited already.
            pause_s = begun_s + self._times.draft_s - self._clock.monotonic()
            if pause_s > 0:
                await self._clock.sleep(pause_s)
            self._wake.clear()
            begun_s = self._clock.monotonic()
            try:
                await self.flush()
            except StoreFailed as error:
                self.tell_failed(error)
                await self._clock.sleep(self._times.draft_retry_s)
                self._wake.set()

    async def flush(self) -> None:
        """Put what is on the screen on the disk now.

        Raises:
            StoreFailed: the disk is full or fails; the former draft stands.
        """
        async with self._writing:
            edit = self.edit
            if self.is_safe:
                return
            drawn = await self._editor.draft()
            await self._write(drawn, edit)

    async def try_flush(self) -> None:
        try:
            await self.flush()
        except StoreFailed as error:
            self.tell_failed(error)

    async def _write(self, drawn: Drawn, edit: int) -> None:
        what = joined(self._what, drawn.what)
        note = replace(self.note, edit=edit, has_strokes=True, base=self._canvas.base, what=what)
        note = await self._run(self._store.write, note, drawn)
        # What was noted while it was being written counts, and is written next.
        self.note = replace(
            self.note, edit=edit, has_strokes=True, base=self._canvas.base, kept_at=note.kept_at,
            what=what,
        )  # fmt: skip
        self.drafted = edit
        self._is_failing = False
        self._on_kept(note.kept_at)

    async def put(self, **changes: Any) -> None:
        """Change what is noted of the draft, on the disk.

        Raises:
            StoreFailed: it is noted here only.
        """
        async with self._writing:
            self.note = replace(self.note, base=self._canvas.base, **changes)
            await self._run(self._store.put, self.note)

    async def try_put(self, **changes: Any) -> None:
        try:
            await self.put(**changes)
        except StoreFailed as error:
            self.tell_failed(error)

    async def put_uploads(self, uploads: Mapping[str, str]) -> None:
        await self.try_put(uploads=dict(uploads))

    async def put_sent(self, sent: Sent) -> None:
        others = tuple(one for one in self.note.sent if one.digest != sent.digest)
        await self.try_put(sent=(*others, sent)[-_SENT:])

    def tell_failed(self, error: AppError) -> None:
        if not self._is_failing:
            self._is_failing = True
            self._on_failed(error)

    # --- one draft after another --------------------------------------------------------------

    async def until_rest(self) -> None:
        """Wait for the end of a stroke: cut in the middle it would be of no use to anybody."""
        await self._editor.until_rest()

    async def put_aside(self, why: KeptWhy) -> None:
        """Keep all strokes in a draft of their own and take them off the screen.

        Raises:
            StoreFailed: they could not be kept; they stay on the screen.
        """
        lock = self.lock
        await self.put(why=why, lock_id="", lock_until=None)
        while not self.is_safe:  # what the server has by now need not be on the disk
            await self.flush()
        # Nothing is awaited from here until the strokes are off the screen.
        self.kept_id = self.note.id
        self.begin(**lock)
        self._on_set_aside(self.kept_id)
        if lock["lock_id"]:
            await self.try_put()

    def begin(self, **lock: Any) -> None:
        """Go on in a new draft; what is on the screen counts as saved."""
        self.saved = self.drafted = self.edit
        self._what = ""
        asset = self._canvas.asset
        self.note = DraftNote(
            new_draft_id(), asset.id, asset.name, edit=self.edit, base=self._canvas.base,
            sent=self.note.sent, **lock,
        )  # fmt: skip

    async def take_up(self, note: DraftNote) -> bool:
        """Go on with a draft of an earlier run, or one that was set aside.

        Returns:
            whether its last edit is on the server.
        """
        # Edits are numbered on: what is under way here must not pass for the draft's.
        note = _renumbered(note, self.edit + 1)
        is_saved = (self._canvas.base.digest, note.edit) in {(s.digest, s.edit) for s in note.sent}
        async with self._writing:
            self.edit = self.drafted = note.edit
            self.saved = note.edit if is_saved else note.edit - 1
            if not is_saved:
                self._canvas.base = note.base or self._canvas.base
            self.note = replace(note, why=KeptWhy.OPEN, base=self._canvas.base)
            self._what = note.what
        return is_saved

    async def forget_strokes(self) -> None:
        """Empty the draft: the server has what is in it."""
        async with self._writing:
            if self.is_unsaved:  # drawn while we waited
                return
            sent = tuple(replace(one, is_doubtful=False) for one in self.note.sent)
            self._what = ""
            self.note = replace(
                self.note, has_strokes=False, sent=sent, base=self._canvas.base, what=""
            )
            with suppress(StoreFailed):  # then it is offered once more than needed
                await self._run(self._store.clear, self.note)

    async def give_up(self, edit: int | None) -> bool:
        """Forget the strokes; what is left of the draft is the lock, if there is one.

        Args:
            edit: do so only if this is the last one; None in any case.

        Returns:
            whether they were forgotten.

        Raises:
            StoreFailed: the draft could not be deleted.
        """
        lock = self.lock
        async with self._writing:
            if edit is not None and edit != self.edit:
                return False
            old_id = self.note.id
            self.begin(**lock)
            if lock["lock_id"]:
                with suppress(StoreFailed):
                    await self._run(self._store.put, self.note)
            await self._run(self._store.remove, old_id)
        return True

    async def leave_behind(self, note: DraftNote) -> None:
        """Remove a draft that was saved, unless an older save may yet take that one's place."""
        with suppress(StoreFailed):
            if note.has_strokes and note.is_doubtful:
                late = replace(note, why=KeptWhy.LATE, lock_id="", lock_until=None)
                await self._run(self._store.put, late)
            else:
                await self._run(self._store.remove, note.id)

    async def keep_text(self, text: str, base: Revision, why: KeptWhy) -> None:
        """Put a version that will leave the server into a draft of its own.

        Raises:
            StoreFailed: it could not be kept.
        """
        asset = self._canvas.asset
        note = DraftNote(new_draft_id(), asset.id, asset.name, why=why, has_strokes=True, base=base)
        await self._run(self._store.write, note, Drawn(text, {}))

    # --- beginning and ending -----------------------------------------------------------------

    async def find_kept(self) -> None:
        """See whether strokes were left in a draft when this canvas was closed: ``kept_id``."""
        try:
            notes: list[DraftNote] = await self._run(self._store.notes)
        except StoreFailed as error:
            self.tell_failed(error)
            return
        left = [
            note
            for note in notes
            if note.canvas_id == self.note.canvas_id and note.has_strokes and note.why in _LEFT
        ]
        newest = max(left, key=lambda note: note.kept_at, default=None)
        if newest is not None and newest.id != self.note.id:
            self.kept_id = newest.id

    def mark_closed(self, *, has_lock: bool) -> None:
        """Note that it was left in order; the disk is told by what comes next."""
        why = KeptWhy.CLOSED if self.note.why is KeptWhy.OPEN else self.note.why
        self.note = replace(self.note, why=why)
        if not has_lock:
            self.note = replace(self.note, lock_id="", lock_until=None)

    async def drop_or_keep(self) -> None:
        """Leave no draft behind without strokes or a lock that may still stand."""
        async with self._writing:
            with suppress(StoreFailed):
                if self.note.has_strokes or self.note.lock_id:
                    await self._run(self._store.put, self.note)
                else:
                    await self._run(self._store.remove, self.note.id)


def _renumbered(note: DraftNote, edit: int) -> DraftNote:
    """Return a note whose last edit has this number."""
    sent = tuple(
        replace(one, edit=edit if one.edit == note.edit else edit - 1) for one in note.sent
    )
    return replace(note, edit=edit, sent=sent)
