"""Earlier states of the canvas: listed, looked at beside the present one, and restored."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Signal
from PySide6.QtGui import QImage, QPixmap

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document
from scenario_desktop.errors import AppError
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.exchange import loading
from scenario_desktop.ui.panels.canvas.history import snapshot_words
from scenario_desktop.ui.panels.canvas.history.snapshot_list import NO_SNAPSHOT, SnapshotRow
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import Answer
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels import drawing, encoding
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.widgets.buttons import ButtonKind
from scenario_desktop.ui.widgets.compare_view import CompareView
from scenario_desktop.ui.widgets.menu import Menu

if TYPE_CHECKING:
    from scenario_desktop.api.models.canvas import Snapshot
    from scenario_desktop.services.canvas.record import HistoryLine
    from scenario_desktop.services.canvas.session import CanvasSession
    from scenario_desktop.services.people import Person

_SMALL_PX, _LARGE_PX = 128, 1200
#: Of a snapshot by itself, which is zoomed into.
_WHOLE_PX = 4096
_PICTURES = 6
#: Lines of what was done from here, at least.
_LINES = 10
_NO_BLOBS: Mapping[str, bytes] = {}
_NOT_OURS = "This was made by another program and cannot be shown"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_DEEDS = {
    "forced": ("You took the lock over", "lock-open"),
    "forcing": ("You tried to take the lock over", "lock-open"),
    "restored": ("You restored a snapshot", "rotate-ccw"),
    "copied": ("You saved a copy", "copy-plus"),
    "kept_ours": ("You kept your version", "check"),
    "took_theirs": ("You took their version", "check"),
}
_COMPARE_WIDTH = 760


class CompareDialog(Dialog):
    """Two states of a canvas with a handle between them."""

    def __init__(
        self, stage: Stage, title: str, first: str, second: str, primary: str,
        *, close: str = "Close",
    ) -> None:  # fmt: skip
        super().__init__(stage, title, width=_COMPARE_WIDTH)
        self.view = CompareView(name=title)
        self.view.margin = 0
        self.view.setMinimumHeight(420)
        self._words = first, second
        self.body.addWidget(self.view)
        self.add_action(close, REJECTED)
        if primary:
            self.add_action(primary, ACCEPTED, ButtonKind.PRIMARY)

    def show_pictures(self, first: QImage, second: QImage) -> None:
        self.view.set_pixmap(QPixmap.fromImage(first))
        self.view.set_second_pixmap(QPixmap.fromImage(second))
        self.view.set_words(*self._words)


class Snapshots(QObject):
    """Fills the dock's list of snapshots, and shows one in the place of the canvas.

    Signals:
        restored: the text that is the canvas now.
        looking_changed: a snapshot stands in the place of the canvas now, or does not any more.
    """

    restored = Signal(str)
    looking_changed = Signal()

    def __init__(
        self,
        dock: CanvasDock,
        page: CanvasPage,
        ports: CanvasPorts,
        stillness: Callable[[], AbstractContextManager[None]],
        *,
        parent: QObject,
    ) -> None:
        """
        Args:
            stillness: lets nothing be drawn while what is on the screen is about to be replaced.
        """
        super().__init__(parent)
        self._dock, self._page, self._ports = dock, page, ports
        self._stage: Stage = page.stage
        self._stillness = stillness
        self._session: CanvasSession | None = None
        self._found: list[Snapshot] = []
        self._older: str | None = None
        self._rows: dict[str, Snapshot] = {}
        self._by: dict[str, str] = {}
        self._pictures: dict[str, QPixmap] = {}
        self._unreadable: set[str] = set()
        self._drawing = asyncio.Lock()
        self._saved_text = ""
        self._own_ids: set[str] = set()
        self._looked_at = ""
        self.reading = self._action(self._read, Overlap.RESTART)
        self.reading_on = self._action(self._read_on)
        self.picturing = self._action(self._picture_rows)
        self.comparing = self._action(self._compare)
        self.restoring = self._action(self._restore)
        self.viewing = self._action(self._view, Overlap.RESTART)
        dock.snapshots.chosen.connect(self._on_chosen)
        dock.snapshots.opened.connect(self.viewing.trigger)
        dock.snapshots.left.connect(self.leave)
        view = page.snapshot
        view.back_requested.connect(self.leave)
        view.compare_requested.connect(self._compare_looked_at)
        view.restore_requested.connect(self._restore_looked_at)
        page.shown_changed.connect(self._on_shown_changed)
        dock.snapshots.menu_requested.connect(self._open_menu)
        dock.compare_requested.connect(self._compare_newest)
        dock.older_requested.connect(self.reading_on.trigger)
        dock.snapshots.pictures_wanted.connect(self.picturing.trigger)
        self.reading_on.busy_changed.connect(dock.set_reading_older)

    def _action(self, function: object, overlap: Overlap = Overlap.IGNORE) -> AsyncAction:
        action = AsyncAction(function, parent=self, overlap=overlap)  # type: ignore[arg-type]  # coroutine functions
        action.failed.connect(self._ports.messages.report)
        return action

    def bind(self, session: CanvasSession | None) -> None:
        """Show the snapshots of another canvas, or of none."""
        self.leave()
        self._session = session
        self._found, self._older = [], None
        self._rows.clear()
        self._by.clear()
        self._pictures.clear()
        self._unreadable.clear()
        self._saved_text = ""
        for action in (self.reading, self.reading_on, self.picturing):
            action.cancel()
        self._dock.show_older(False)
        self._dock.snapshots.set_current("")
        self._dock.snapshots.set_rows(())
        is_ours = session is None or not session.is_foreign
        self._dock.snapshots.set_words(NO_SNAPSHOT if is_ours else "No snapshot yet")
        if session is not None:
            self.refresh()

    def refresh(self) -> None:
        """Read the list anew."""
        if self._session is not None:
            self.reading.trigger()

    def note_saved(self, text: str) -> None:
        """A snapshot of this text was just taken from here: its author is us."""
        self._saved_text = text
        self.refresh()

    @property
    def is_looking(self) -> bool:
        """Whether a snapshot stands in the place of the canvas."""
        return self._page.is_looking_back

    def leave(self) -> None:
        """Show the canvas again."""
        self.viewing.cancel()
        self._page.leave_snapshot()

    @property
    def saved_by(self) -> str:
        """Who took the newest snapshot, where that was somebody else; "" where nobody knows."""
        by = self._by.get(next(iter(self._rows), ""), "")
        return "" if by == snapshot_words.YOU else by

    def key_of(self, snapshot: Snapshot) -> str:
        """Return what a snapshot is called in the list; "" if it is not there."""
        return next((key for key, one in self._rows.items() if one == snapshot), "")

    async def decide(self) -> int:
        """Show what somebody else saved beside what is here, and do what the user chooses.

        Returns:
            the answer; what it says of a copy is left to the caller.
        """
        session = self._session
        if session is None or not session.lease.is_changed:
            return Answer.LATER
        text = await session.theirs()
        theirs = await self._picture(text, _LARGE_PX)
        editor = self._stage.editor
        mine = await asyncio.to_thread(
            _flat, editor.document, editor.pixels.frozen(), editor.rect, _LARGE_PX
        )
        dialog = CompareDialog(
            self._stage, "Somebody saved this canvas meanwhile", "Theirs", "Yours", "",
            close="Decide later",
        )  # fmt: skip
        dialog.add_text(
            "Nothing of yours is sent until you choose. Whichever version you do not choose is"
            " kept in a draft on this computer."
        )
        dialog.add_action("Save mine as a copy", Answer.COPY)
        dialog.add_action("Take theirs", Answer.TAKE)
        dialog.add_action("Keep mine", Answer.AGAIN, ButtonKind.PRIMARY)
        if theirs is None:
            dialog.add_text("Their version cannot be shown here.", "warning")
            dialog.view.hide()
        else:
            dialog.show_pictures(theirs, mine)
        answer = await dialogs.ask(dialog)
        if answer == Answer.TAKE:
            with self._stillness():
                self.restored.emit(await session.adopt_theirs())
            self._ports.messages.toast("Their version is shown; yours is kept in a draft")
        elif answer == Answer.AGAIN:
            await session.keep_mine()
            self._ports.messages.toast("Your next save takes the place of theirs")
        return answer

    async def _read(self) -> None:
        session = self._session
        if session is None:
            return
        try:
            page = await session.snapshots()
        except AppError as error:
            self._dock.snapshots.set_words(error.message)
            return
        joined, are_known = _joined(page.snapshots, self._found)
        if page.next_pagination_token and are_known:
            self._found = joined  # what was read on before is kept, and where to read on
        else:
            self._found = _newest_first(page.snapshots)
            self._older = page.next_pagination_token
        await self._show_found(session)

    async def _read_on(self) -> None:
        """Read the next older part of the history."""
        session, token = self._session, self._older
        if session is None or token is None:
            return
        page = await session.snapshots(token)
        if session is not self._session or token != self._older:
            return  # read anew meanwhile
        self._found, _ = _joined(self._found, page.snapshots)
        self._older = page.next_pagination_token
        await self._show_found(session)

    async def _show_found(self, session: CanvasSession) -> None:
        """List what is known of the history, between what was done from here."""
        self._learn(self._found)
        people = await self._named({one.author_id for one in self._found})
        lines = await self._lines(session, len(self._found))
        self._rows = _keyed(self._found)
        rows: list[SnapshotRow] = []
        for key, one in self._rows.items():
            is_own = one.author_id in self._own_ids
            by = snapshot_words.author(one.author_id, people.get(one.author_id), is_own=is_own)
            self._by[key] = by
            tip = snapshot_words.whole(one.taken_at, one.author_id, by)
            note = f"By {by}" if by else ""
            rows.append(SnapshotRow(key, one.taken_at, "", note, tip, self._pictures.get(one.hash)))
        rows += [_row_of(line) for line in lines]
        rows.sort(key=lambda row: row.at or _LONG_AGO, reverse=True)
        self._dock.snapshots.set_rows(rows)
        self._dock.show_older(self._older is not None)
        hashes = {one.hash for one in self._found}
        self._pictures = {key: one for key, one in self._pictures.items() if key in hashes}
        await self._draw_rows(list(self._rows)[:_PICTURES])

    async def _picture_rows(self) -> None:
        """Draw the rows that are in sight, one after the other: each is a whole canvas."""
        while True:
            wanted = [
                key for key in self._dock.snapshots.without_picture()
                if key in self._rows and self._rows[key].hash not in self._unreadable
            ]  # fmt: skip
            if not wanted:
                return
            await self._draw_rows(wanted[:1])

    async def _draw_rows(self, keys: Sequence[str]) -> None:
        for key in keys:
            async with self._drawing:
                await self._draw_row(key)

    async def _draw_row(self, key: str) -> None:
        one = self._rows.get(key)
        if one is None or one.hash in self._unreadable:
            return
        if one.hash not in self._pictures:
            image = await self._picture(one.raw_data, _SMALL_PX)
            if image is None:
                self._unreadable.add(one.hash)
                return
            self._pictures[one.hash] = QPixmap.fromImage(image)
        self._dock.snapshots.set_picture(key, self._pictures[one.hash])

    def _learn(self, snapshots: Sequence[Snapshot]) -> None:
        """Take note of our own id: that of who first took what was saved from here."""
        ours = [one for one in snapshots if self._saved_text and one.raw_data == self._saved_text]
        if ours and ours[-1].author_id:
            self._own_ids.add(ours[-1].author_id)

    async def _named(self, ids: set[str]) -> Mapping[str, Person]:
        people = self._ports.people
        return await people.named(ids - {""}) if people is not None else {}

    async def _lines(self, session: CanvasSession, count: int) -> list[HistoryLine]:
        """Return the newest of what was done from here; nothing where it cannot be read."""
        try:
            return (await session.history())[: max(_LINES, count)]
        except AppError as error:
            self._ports.messages.report(error)
            return []

    async def _picture(
        self, text: str, max_px: int, blobs: Mapping[str, bytes] = _NO_BLOBS
    ) -> QImage | None:
        """Draw a stored canvas; None where it cannot be read."""
        try:
            document = await asyncio.to_thread(canvas_format.read, text)
        except AppError:
            return None
        return await self._drawn(document, max_px, blobs)

    async def _drawn(
        self, document: Document, max_px: int, blobs: Mapping[str, bytes] = _NO_BLOBS
    ) -> QImage:
        pixels, _ = await loading.load(document, blobs, self._ports.pictures)
        rect = QRect(0, 0, document.width, document.height)
        return await asyncio.to_thread(_flat, document, pixels, rect, max_px)

    async def _thumbnail(self, text: str) -> bytes:
        """Return a stored canvas as the library shows it; nothing where it cannot be drawn."""
        try:
            document = await asyncio.to_thread(canvas_format.read, text)
        except AppError:
            return b""
        pixels, _ = await loading.load(document, _NO_BLOBS, self._ports.pictures)
        if pixels.missing:
            return b""
        return await asyncio.to_thread(encoding.thumbnail, document, pixels)

    def _compare_newest(self) -> None:
        chosen = self._dock.snapshots.current
        key = chosen if chosen in self._rows else next(iter(self._rows), "")
        if key:
            self.comparing.trigger(key)

    # One by itself

    def _on_chosen(self, key: str) -> None:
        if self.is_looking:
            self.viewing.trigger(key)

    async def _view(self, key: str) -> None:
        session, snapshot = self._session, self._rows.get(key)
        if session is None or snapshot is None:
            return
        view, size = self._page.snapshot, QSize()
        words = snapshot_words.title(snapshot.taken_at, self._by.get(key, ""))
        if self.is_looking:
            view.begin(words, can_restore=not session.is_foreign)
        try:
            document = await asyncio.to_thread(canvas_format.read, snapshot.raw_data)
        except AppError:
            self._ports.messages.toast(_NOT_OURS)
            return
        size = QSize(document.width, document.height)
        self._stage.finish_writing()
        view.begin(words, can_restore=not session.is_foreign)
        self._looked_at = key
        self._page.show_snapshot()
        if not self._dock.snapshots.hasFocus():
            view.picture.setFocus()
        image = await self._drawn(document, _WHOLE_PX)
        if self.is_looking and self._session is session:
            view.show_picture(image, size)

    def _on_shown_changed(self) -> None:
        is_looking = self.is_looking
        if self._dock.snapshots.is_opened != is_looking:
            self._dock.snapshots.is_opened = is_looking
            self.looking_changed.emit()

    def _compare_looked_at(self) -> None:
        self.comparing.trigger(self._looked_at)

    def _restore_looked_at(self) -> None:
        self.restoring.trigger(self._looked_at)

    async def _compare(self, key: str) -> None:
        session, snapshot = self._session, self._rows.get(key)
        if session is None or snapshot is None:
            return
        self._dock.snapshots.set_current(key)
        when = snapshot_words.when(snapshot.taken_at, datetime.now(UTC))
        by = self._by.get(key, "")
        if await self.compare_text(
            "Snapshot and now", f"{when}, by {by}" if by else when, snapshot.raw_data, _NO_BLOBS,
            "" if session.is_foreign else "Restore as a new save",
        ):  # fmt: skip
            await self._restore(key)

    async def compare_text(
        self, title: str, first: str, text: str, blobs: Mapping[str, bytes], primary: str
    ) -> bool:
        """Show a stored canvas beside what is on the screen.

        Args:
            first: what the stored one is called.
            blobs: its pixels that are no assets.

        Returns:
            whether the primary button was chosen.
        """
        then = await self._picture(text, _LARGE_PX, blobs)
        if then is None:
            self._ports.messages.toast(_NOT_OURS)
            return False
        editor = self._stage.editor
        now = await asyncio.to_thread(
            _flat, editor.document, editor.pixels.frozen(), editor.rect, _LARGE_PX
        )
        dialog = CompareDialog(self._stage, title, first, "Now", primary)
        dialog.show_pictures(then, now)
        return await dialogs.ask(dialog) == ACCEPTED

    async def _restore(self, key: str) -> None:
        session, snapshot = self._session, self._rows.get(key)
        if session is None or snapshot is None:
            return
        small = await self._thumbnail(snapshot.raw_data)
        with self._stillness():
            self.restored.emit(await session.restore(snapshot, small))
        self.leave()
        self._ports.messages.toast("Restored the snapshot as a new save")
        self.refresh()

    def _open_menu(self, key: str, place: QPoint) -> None:
        session = self._session
        if session is None:
            return
        reason = "Another program made this canvas" if session.is_foreign else ""
        menu = Menu(self._dock, name="Snapshot")
        menu.add("Look at it", partial(self.viewing.trigger, key), icon="eye", shortcut="Return")
        menu.add("Compare with now", partial(self.comparing.trigger, key), icon="columns-2")
        menu.add(
            "Restore as a new save", partial(self.restoring.trigger, key), icon="rotate-ccw",
            reason=reason,
        )  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)


def _keyed(newest_first: Sequence[Snapshot]) -> dict[str, Snapshot]:
    """Give each a name that it keeps when a newer one comes: it may be chosen just then."""
    alike: Counter[str] = Counter()
    rows: list[tuple[str, Snapshot]] = []
    for one in reversed(newest_first):
        name = f"{one.taken_at}:{one.hash}"
        alike[name] += 1
        rows.append((f"{name}:{alike[name]}", one))
    return dict(reversed(rows))


def _row_of(line: HistoryLine) -> SnapshotRow:
    title, icon = _DEEDS[line.deed.value]
    return SnapshotRow("", line.at, title, "from here", line.text, icon=icon)


def _newest_first(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    return sorted(snapshots, key=lambda one: one.taken_at or _LONG_AGO, reverse=True)


def _joined(newer: Sequence[Snapshot], older: Sequence[Snapshot]) -> tuple[list[Snapshot], bool]:
    """Return two parts of a history as one, newest first, and whether they overlapped."""
    names = {(one.taken_at, one.hash) for one in newer}
    rest = [one for one in older if (one.taken_at, one.hash) not in names]
    return _newest_first([*newer, *rest]), len(rest) < len(older)


def _flat(document: Document, pixels: drawing.Pixels, rect: QRect, max_px: int) -> QImage:
    scale = min(1.0, max_px / max(document.width, document.height))
    return drawing.render(document, pixels, rect, scale)
