"""What becomes the canvas: a save, a copy, an earlier state, or one version instead of another.

What it must not do: send anything of another program's canvas, or give up strokes unasked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.models.canvas import Snapshot
from scenario_desktop.errors import AppError, NotFound, Refused
from scenario_desktop.services.canvas import lease_events
from scenario_desktop.services.canvas.content import Editor, OpenCanvas, SaveResult, Stored
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.hold import Hold
from scenario_desktop.services.canvas.layer_uploads import (
    LayerUploads,
    OnProgress,
    check_size,
    create_canvas,
    thumbnail_text,
)
from scenario_desktop.services.canvas.lease_keeper import LeaseKeeper
from scenario_desktop.services.canvas.record import Deed
from scenario_desktop.services.canvas.remote import RemoteCanvas
from scenario_desktop.services.canvas.room import Room
from scenario_desktop.services.canvas.working_draft import WorkingDraft


class Saves:
    """The saves of one open canvas, one at a time.

    Attributes:
        turn: held by whatever changes which strokes count as saved.
    """

    def __init__(
        self,
        room: Room,
        editor: Editor,
        canvas: OpenCanvas,
        hold: Hold,
        draft: WorkingDraft,
        remote: RemoteCanvas,
        keeper: LeaseKeeper,
        *,
        is_foreign: bool,
        write_down: Callable[[Deed, str], Awaitable[None]],
        on_saved: Callable[[SaveResult], object],
        on_failed: Callable[[AppError], object],
    ) -> None:
        """
        Args:
            is_foreign: the canvas is in another program's format.
            write_down: puts a deed into the canvas's history on this computer.
            on_failed: why a save that nobody asked for failed.
        """
        self._room = room
        self._editor = editor
        self._canvas = canvas
        self._hold = hold
        self._draft = draft
        self._remote = remote
        self._keeper = keeper
        self._is_foreign = is_foreign
        self._write_down = write_down
        self._on_saved, self._on_failed = on_saved, on_failed
        self._layers = LayerUploads(room.client, room.uploads, canvas.asset.id)
        self.turn = asyncio.Lock()

    def require_ours(self) -> None:
        """Refuse to write another program's canvas.

        Raises:
            Refused: it is one.
        """
        if self._is_foreign:
            raise _foreign()

    async def save(
        self, *, is_snapshot: bool = True, on_progress: OnProgress | None = None
    ) -> SaveResult:
        """Save what is on the screen; see ``CanvasSession.save``."""
        async with self.turn:
            self.require_ours()
            self._hold.require()
            edit, drawn_on = self._draft.edit, self._canvas.base.digest
            stored = await self._editor.stored()
            await self._draft.try_flush()
            await self._check_after_offline()
            try:
                ids = await self._remote.ask(self._send_layers(self._layers, stored, on_progress))
            except NotFound:
                await self._remote.see_if_it_is_gone()
                raise
            text = stored.text(ids)
            check_size(text, stored.thumbnail)
            asset = await self._remote.send(
                text, thumbnail_text(stored.thumbnail), edit, drawn_on, is_snapshot=is_snapshot
            )
            result = SaveResult(asset, ids, text, is_snapshot)
            self._on_saved(result)
            return result

    async def _check_after_offline(self) -> None:
        """After a time without the server: see whose the canvas is before anything is sent.

        Raises:
            AppError: it cannot be reached still, or the canvas is not ours to save any more.
        """
        if not self._hold.lease.is_offline:
            return
        async with self._remote.turn:
            await self._remote.compare()
        await self._keeper.drive(lease_events.Ticked())  # which renews the lease
        self._hold.require()

    async def copy(self, name: str) -> Asset:
        """Make a new canvas of what is on the screen; see ``CanvasSession.save_as_copy``."""
        async with self.turn:
            edit = self._draft.edit
            stored = await self._editor.stored()
            await self._draft.try_flush()
            ids = await self._send_layers_of_a_copy(stored)
            since = self._room.server_now()
            copy = await create_canvas(
                self._room.client, name, stored.text(ids), stored.thumbnail, since
            )
            await self._write_down(Deed.COPIED, f"Saved as the copy “{name}”.")
            if not self._hold.lease.is_ours:
                await self._give_up(edit)
            return copy

    async def _send_layers_of_a_copy(self, stored: Stored) -> dict[str, str]:
        try:
            return await self._send_layers(self._layers, stored)
        except NotFound:  # this canvas is gone, and nothing can be below it
            loose = LayerUploads(self._room.client, self._room.uploads, None)
            return await self._send_layers(loose, stored)

    async def _send_layers(
        self, layers: LayerUploads, stored: Stored, on_progress: OnProgress | None = None
    ) -> dict[str, str]:
        draft = self._draft
        return await layers.send(stored.blobs, draft.note.uploads, draft.put_uploads, on_progress)

    async def save_by_itself(self) -> None:
        """Save if there is anything to save and it may be sent; a failure is told, not raised."""
        if not self._draft.is_unsaved or not self._hold.lease.can_send:
            return
        try:
            await self.save(is_snapshot=False)
        except AppError as error:
            self._on_failed(error)

    async def discard(self) -> None:
        """Give up what is not saved."""
        async with self.turn:
            await self._give_up(None)

    async def _give_up(self, edit: int | None) -> None:
        if await self._draft.give_up(edit):
            await self._keeper.drive(lease_events.Discarded())

    # --- one version instead of another -------------------------------------------------------

    async def restore(self, snapshot: Snapshot, thumbnail: bytes = b"") -> str:
        """Save an earlier state anew; see ``CanvasSession.restore``."""
        self.require_ours()
        if not self._room.is_ours(snapshot.raw_data):
            raise _foreign()
        async with self.turn:
            drawn_on = self._canvas.base.digest
            if self._draft.is_unsaved:
                await self._draft.put_aside(KeptWhy.REPLACED)
            await self._keeper.drive(lease_events.TakeWanted())
            self._hold.require()
            if drawn_on == self._canvas.base.digest:
                await self._keep_unsnapped()
            await self._remote.send(
                snapshot.raw_data, thumbnail_text(thumbnail), self._draft.edit, drawn_on,
                is_snapshot=True,
            )  # fmt: skip
            at = snapshot.taken_at
            when = f" of {at.astimezone():%d %b %H:%M}" if at else ""
            await self._write_down(Deed.RESTORED, f"Restored the state{when}.")
            return snapshot.raw_data

    async def _keep_unsnapped(self) -> None:
        """Keep the present state as a draft if the history does not have it, as after an autosave.

        Raises:
            AppError: nobody knows, or it could not be kept.
        """
        text, base = self._canvas.text, self._canvas.base
        page = await self._remote.ask(self._room.client.list_snapshots(self._canvas.asset.id))
        if any(one.raw_data == text for one in page.snapshots) or not self._room.is_ours(text):
            return
        await self._draft.keep_text(text, base, KeptWhy.REPLACED)

    async def keep_mine(self) -> None:
        """Take the version that was read for the base; see ``CanvasSession.keep_mine``."""
        async with self.turn:
            text, revision = self._remote.theirs
            await self._draft.keep_text(text, revision, KeptWhy.THEIRS)
            self._remote.settle_on(text, revision)
            await self._write_down(Deed.KEPT_OURS, "Chose the own version over somebody else's.")
            await self._draft.try_put()

    async def adopt_theirs(self) -> str:
        """Return the version that was read, to be shown; see ``CanvasSession.adopt_theirs``."""
        async with self.turn:
            text, revision = self._remote.theirs
            if self._draft.is_unsaved:
                await self._draft.put_aside(KeptWhy.REPLACED)
            self._remote.settle_on(text, revision)
            await self._write_down(Deed.TOOK_THEIRS, "Chose somebody else's version.")
            await self._draft.try_put()
            return text


def _foreign() -> Refused:
    return Refused(
        "This canvas was made by another program and is not changed here.",
        hint="Save a copy of it to draw on.",
    )
