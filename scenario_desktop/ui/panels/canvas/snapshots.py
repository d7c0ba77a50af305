"""Earlier states of the canvas: listed, looked at beside the present one, and restored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtGui import QImage, QPixmap

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document
from scenario_desktop.errors import AppError
from scenario_desktop.services.words import ago
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog
from scenario_desktop.ui.panels.canvas import drawing, loading
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.lease_dialogs import Answer
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.snapshot_list import NO_SNAPSHOT, SnapshotRow
from scenario_desktop.ui.panels.canvas.stage import Stage
from scenario_desktop.ui.widgets.buttons import ButtonKind
from scenario_desktop.ui.widgets.compare_view import CompareView
from scenario_desktop.ui.widgets.menu import Menu

if TYPE_CHECKING:
    from scenario_desktop.api.models.canvas import Snapshot
    from scenario_desktop.services.canvas.record import HistoryLine
    from scenario_desktop.services.canvas.session import CanvasSession

_SMALL_PX, _LARGE_PX = 128, 1200
_PICTURES = 6
#: Lines of what was done from here.
_LINES = 10
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_DEEDS = {
    "forced": ("You took the lock over", "lock-open"),
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
    """Fills the dock's list of snapshots.

    Signals:
        restored: the text that is the canvas now.
    """

    restored = Signal(str)

    def __init__(
        self,
        dock: CanvasDock,
        stage: Stage,
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
        self._dock, self._stage, self._ports = dock, stage, ports
        self._stillness = stillness
        self._session: CanvasSession | None = None
        self._rows: dict[str, Snapshot] = {}
        self._current = ""
        self.reading = self._action(self._read, Overlap.RESTART)
        self.comparing = self._action(self._compare)
        self.restoring = self._action(self._restore)
        dock.snapshots.chosen.connect(self.comparing.trigger)
        dock.snapshots.menu_requested.connect(self._open_menu)
        dock.compare_requested.connect(self._compare_newest)

    def _action(self, function: object, overlap: Overlap = Overlap.IGNORE) -> AsyncAction:
        action = AsyncAction(function, parent=self, overlap=overlap)  # type: ignore[arg-type]  # coroutine functions
        action.failed.connect(self._ports.messages.report)
        return action

    def bind(self, session: CanvasSession | None) -> None:
        """Show the snapshots of another canvas, or of none."""
        self._session = session
        self._rows.clear()
        self.reading.cancel()
        self._dock.snapshots.set_rows(())
        is_ours = session is None or not session.is_foreign
        self._dock.snapshots.set_words(NO_SNAPSHOT if is_ours else "No snapshot yet")
        if session is not None:
            self.refresh()

    def refresh(self) -> None:
        """Read the list anew."""
        if self._session is not None:
            self.reading.trigger()

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
        self._rows = {_key(n, one): one for n, one in enumerate(_newest_first(page.snapshots))}
        now = datetime.now(UTC)
        rows: list[tuple[datetime, SnapshotRow]] = []
        for key, one in self._rows.items():
            when = ago(one.taken_at, now) if one.taken_at else "time unknown"
            row = SnapshotRow(key, when[:1].upper() + when[1:], self._note(session, one))
            rows.append((one.taken_at or _LONG_AGO, row))
        rows += [(line.at, _row_of(line, now)) for line in await self._lines(session)]
        rows.sort(key=lambda pair: pair[0], reverse=True)
        self._dock.snapshots.set_rows([row for _, row in rows])
        for key, one in list(self._rows.items())[:_PICTURES]:
            image = await self._picture(one.raw_data, _SMALL_PX)
            if image is not None and key in self._rows:
                self._dock.snapshots.set_picture(key, QPixmap.fromImage(image))

    async def _lines(self, session: CanvasSession) -> list[HistoryLine]:
        """Return the newest of what was done from here; nothing where it cannot be read."""
        try:
            return (await session.history())[:_LINES]
        except AppError as error:
            self._ports.messages.report(error)
            return []

    @staticmethod
    def _note(session: CanvasSession, snapshot: Snapshot) -> str:
        """Return when it was taken, and whether by somebody else than whose canvas it is."""
        at = snapshot.taken_at
        time = f"{at.astimezone():%d %b %H:%M}".lstrip("0") if at else ""
        owner = session.asset.author_id
        is_other = bool(snapshot.author_id and owner and snapshot.author_id != owner)
        return f"{time}, by somebody else".strip(", ") if is_other else time

    async def _picture(self, text: str, max_px: int) -> QImage | None:
        """Draw a stored canvas; None where it cannot be read."""
        try:
            document = await asyncio.to_thread(canvas_format.read, text)
        except AppError:
            return None
        pixels, _ = await loading.load(document, {}, self._ports.pictures)
        rect = QRect(0, 0, document.width, document.height)
        return await asyncio.to_thread(_flat, document, pixels, rect, max_px)

    def _compare_newest(self) -> None:
        key = self._current if self._current in self._rows else next(iter(self._rows), "")
        if key:
            self.comparing.trigger(key)

    async def _compare(self, key: str) -> None:
        session, snapshot = self._session, self._rows.get(key)
        if session is None or snapshot is None:
            return
        self._current = key
        self._dock.snapshots.set_current(key)
        then = await self._picture(snapshot.raw_data, _LARGE_PX)
        if then is None:
            self._ports.messages.toast("This snapshot is of another program and cannot be shown")
            return
        editor = self._stage.editor
        now = await asyncio.to_thread(
            _flat, editor.document, editor.pixels.frozen(), editor.rect, _LARGE_PX
        )
        when = ago(snapshot.taken_at, datetime.now(UTC)) if snapshot.taken_at else "Then"
        can_restore = not session.is_foreign
        dialog = CompareDialog(
            self._stage, "Snapshot and now", when[:1].upper() + when[1:], "Now",
            "Restore as a new save" if can_restore else "",
        )  # fmt: skip
        dialog.show_pictures(then, now)
        if await dialogs.ask(dialog) == ACCEPTED:
            await self._restore(key)

    async def _restore(self, key: str) -> None:
        session, snapshot = self._session, self._rows.get(key)
        if session is None or snapshot is None:
            return
        with self._stillness():
            self.restored.emit(await session.restore(snapshot))
        self._ports.messages.toast("Restored the snapshot as a new save")
        self.refresh()

    def _open_menu(self, key: str, place: QPoint) -> None:
        session = self._session
        if session is None:
            return
        reason = "Another program made this canvas" if session.is_foreign else ""
        menu = Menu(self._dock, name="Snapshot")
        menu.add("Compare with now", partial(self.comparing.trigger, key), icon="columns-2")
        menu.add(
            "Restore as a new save", partial(self.restoring.trigger, key), icon="rotate-ccw",
            reason=reason,
        )  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)


def _key(number: int, snapshot: Snapshot) -> str:
    return f"{number}:{snapshot.hash}"


def _row_of(line: HistoryLine, now: datetime) -> SnapshotRow:
    title, icon = _DEEDS[line.deed.value]
    when = ago(line.at, now)
    return SnapshotRow("", title, f"{when[:1].upper()}{when[1:]}, from here", line.text, icon=icon)


def _newest_first(snapshots: Sequence[Snapshot]) -> list[Snapshot]:
    return sorted(snapshots, key=lambda one: one.taken_at or _LONG_AGO, reverse=True)


def _flat(document: Document, pixels: drawing.Pixels, rect: QRect, max_px: int) -> QImage:
    scale = min(1.0, max_px / max(document.width, document.height))
    return drawing.render(document, pixels, rect, scale)
