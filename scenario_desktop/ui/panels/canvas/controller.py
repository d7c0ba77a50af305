"""Decides what the canvas editor does: opens, keeps, saves and gives canvases back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, PictureLayer
from scenario_desktop.errors import AppError
from scenario_desktop.services.words import counted
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.panels.canvas import words
from scenario_desktop.ui.panels.canvas.about import About
from scenario_desktop.ui.panels.canvas.commands import commands_of
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.editor import READ_ONLY, Editor
from scenario_desktop.ui.panels.canvas.exchange import loading
from scenario_desktop.ui.panels.canvas.exchange.clipboard import Clipboard
from scenario_desktop.ui.panels.canvas.exchange.keeping import Keeping
from scenario_desktop.ui.panels.canvas.exchange.pictures import Pictures
from scenario_desktop.ui.panels.canvas.history.front_history import CanvasHistory
from scenario_desktop.ui.panels.canvas.history.snapshots import Snapshots
from scenario_desktop.ui.panels.canvas.layers import broken
from scenario_desktop.ui.panels.canvas.layers.layer_actions import LayerActions
from scenario_desktop.ui.panels.canvas.lease.kept_draft import Described, KeptDraft, done_words
from scenario_desktop.ui.panels.canvas.lease.lease_talk import LeaseTalk
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels import drawing, encoding, filling
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels, rgba
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings
from scenario_desktop.ui.panels.canvas.tools.text_actions import TextActions
from scenario_desktop.ui.panels.canvas.tools.tools import CropTool
from scenario_desktop.ui.widgets.slider import NumberField

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.content import SaveResult
    from scenario_desktop.services.canvas.lease import Lease
    from scenario_desktop.services.canvas.session import CanvasSession

_TICK_MS = 1000
NO_BLOBS: Mapping[str, bytes] = {}
_NO_PICTURE = (
    "It has no picture that can be shown. Its layers are listed as far as they can be read."
)
_BEING_SHOWN = "The canvas is being shown anew. Wait a moment."
_BEING_CLOSED = "The canvas is being closed. What you drew is kept."
_LOOKING_BACK = "A snapshot is shown. Go back to edit the canvas."


class CanvasController(QObject):
    """One canvas at a time, between page, dock and the session that keeps it.

    Attributes:
        session: of the canvas that is open, None without one.
        actions: the running ones by name; tests wait for them.
        history: for the window's undo and redo.
        pictures: their roads onto the canvas and off it.

    Signals:
        left: the canvas is closed; show the library.
        opened: another canvas is shown: its asset id.
        lease_changed: whose the canvas is may be another matter now, also by its closing.
    """

    left = Signal()
    opened = Signal(str)
    lease_changed = Signal()

    def __init__(
        self,
        page: CanvasPage,
        dock: CanvasDock,
        editor: Editor,
        settings: ToolSettings,
        ports: CanvasPorts,
        *,
        folder: Path,
        board: Clipboard | None = None,
    ) -> None:
        """
        Args:
            folder: for pictures on their way into the library; emptied at every start.
            board: what was copied on canvases before; one of its own without it.
        """
        super().__init__(page)
        self.page, self.dock, self.editor, self.settings = page, dock, editor, settings
        self.session: CanvasSession | None = None
        self._ports = ports
        self._keeping = Keeping(editor)
        self._item_id = ""
        self._name = ""
        self._kept_at: datetime | None = None
        self._saved_at: datetime | None = None
        self._saved_steps = 0
        self._showing = self._still = 0
        self._unshown = ""
        self._is_lacking = False
        self._tool_before: ToolId | None = None
        self.actions: dict[str, AsyncAction] = {}
        for name, function in (
            ("open", self._open), ("close", self._close), ("save", self._save),
            ("copy", self.save_copy), ("fill", self._fill), ("reload", self._reload),
        ):  # fmt: skip
            overlap = Overlap.RESTART if name in ("open", "reload") else Overlap.IGNORE
            action = AsyncAction(function, parent=self, overlap=overlap)
            action.failed.connect(ports.messages.report)
            self.actions[name] = action
        self.actions["open"].failed.connect(self._on_open_failed)
        self.pictures = Pictures(
            page, editor, self._keeping, ports, folder, self._current, board or Clipboard(),
            parent=self,
        )  # fmt: skip
        self.actions |= self.pictures.actions
        self.layers = LayerActions(editor, dock, page.stage, parent=self)
        self.text = TextActions(editor, page.options, page.stage, settings)
        self.history = CanvasHistory(editor, page.stage)
        self.snapshots = Snapshots(dock, page, ports, self.stillness, parent=self)
        self.talk = LeaseTalk(page, self, self.snapshots, ports, parent=self)
        self.actions |= {"lock": self.talk.acting, "asking": self.talk.asking}
        self.kept = KeptDraft(dock, self.snapshots, self.talk, ports, parent=self)
        self.actions |= {"copy_draft": self.talk.copying, "use_draft": self.talk.going_on}
        self.actions |= self.kept.actions
        self.about = About(page, dock, ports, parent=self)
        self.actions |= self.about.actions
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._show_times)
        self._commands = commands_of(self)
        self._connect()

    def _connect(self) -> None:
        page, dock, editor, run = self.page, self.dock, self.editor, self.actions
        page.back_requested.connect(run["close"].trigger)
        page.shown_changed.connect(dock.set_shown)
        page.save_requested.connect(self.save)
        page.retry_requested.connect(self._retry)
        page.lock_bar.action_requested.connect(run["lock"].trigger)
        page.rail.pick_requested.connect(self.layers.pick_color)
        page.stage.fill_requested.connect(run["fill"].trigger)
        page.stage.crop_changed.connect(self._on_crop_changed)
        page.options.crop_applied.connect(self._apply_crop)
        page.options.crop_cancelled.connect(self._cancel_crop)
        page.options.selection_cleared.connect(self.deselect)
        dock.export_requested.connect(run["export"].trigger)
        dock.detect_requested.connect(run["detect"].trigger)
        self.layers.detect_requested.connect(run["detect_layer"].trigger)
        self.snapshots.restored.connect(self._show_next)
        self.snapshots.looking_changed.connect(self._show_read_only_state)
        editor.edited.connect(self._on_edited)
        editor.refused.connect(self._on_refused)
        editor.read_only_changed.connect(self._show_read_only)
        editor.selection_changed.connect(self._on_selection_changed)
        editor.layers_changed.connect(self._show_head)
        editor.layers_changed.connect(self._on_rest)
        self.about.renamed.connect(self._on_renamed)
        for field in (*page.findChildren(NumberField), *dock.findChildren(NumberField)):
            field.lineEdit().returnPressed.connect(self._to_stage)
            field.given_up.connect(self._to_stage)

    def commands(self) -> tuple[Command, ...]:
        """Return what can be done while the canvas is in front."""
        return self._commands

    # Opening and closing

    def open(self, asset_id: str, *, recovery_id: str | None = None) -> None:
        """Show a canvas; whichever was open is closed first."""
        self.actions["open"].trigger(asset_id, recovery_id)

    def _current(self) -> CanvasSession | None:
        return self.session

    @property
    def is_open(self) -> bool:
        return self.session is not None

    async def _open(self, asset_id: str, recovery_id: str | None) -> None:
        await self._end_session()
        self._item_id, self._name = asset_id, ""
        self._kept_at = self._saved_at = None
        self.page.set_head("", 0, 0)
        self.page.set_note("")
        self.page.show_loading()
        self.editor.open(Document(width=1, height=1), Pixels())  # nothing of the one before
        self._keeping.wait()
        try:
            session = await self._ports.canvases.open(
                asset_id, Described(self._keeping, self._what), recovery_id=recovery_id
            )
        except AppError as error:
            self.page.show_failure(error.message, error.hint)
            return
        self._begin_session(session)
        recovered = session.recovered
        text = recovered.text if recovered else session.text
        try:
            await self.show_text(text, recovered.blobs if recovered else NO_BLOBS)
        except AppError as error:
            if session.is_foreign:
                await self._show_foreign(error)
            else:
                self.page.show_failure(error.message, error.hint)
        self.opened.emit(asset_id)

    def _on_open_failed(self, error: Exception) -> None:
        if not isinstance(error, AppError) and not self.page.is_shown:
            self.page.show_failure("This canvas could not be opened", "Nothing of it was changed.")

    def _begin_session(self, session: CanvasSession) -> None:
        self.session = session
        self._name = session.asset.name
        session.lease_changed.connect(self._on_lease_changed)
        session.draft_kept.connect(self._on_draft_kept)
        session.draft_failed.connect(self._on_draft_failed)
        session.saved.connect(self._on_saved)
        session.save_failed.connect(self._on_save_failed)
        session.lease_failed.connect(self._on_save_failed)
        session.replaced.connect(self._on_replaced)
        self.snapshots.bind(session)
        self.about.bind(session)
        self.talk.bind(session)
        self.kept.bind(session)
        self._tick.start()
        self._on_lease_changed(session.lease)

    async def _end_session(self) -> None:
        if self.session is not None:
            # Nobody keeps what is drawn from now on, and a server may take seconds to answer.
            self.editor.end_stroke()
            self.editor.set_read_only(_BEING_CLOSED)
            self.page.set_saving("Closing…")
        session, self.session = self.session, None
        self._tick.stop()
        self.snapshots.bind(None)
        self.about.bind(None)
        self.talk.bind(None)
        self.kept.bind(None)
        if session is None:
            return
        self._ignore(session)
        try:
            await self._ports.canvases.close(session)
        except AppError:
            self._begin_session(session)  # the strokes are only on the screen: it stays open
            raise
        finally:
            self.page.set_saving("")
        self.lease_changed.emit()

    @staticmethod
    def _ignore(session: CanvasSession) -> None:
        for signal in (
            session.lease_changed, session.draft_kept, session.draft_failed, session.saved,
            session.save_failed, session.lease_failed, session.set_aside, session.replaced,
            session.idle_asked, session.became_free,
        ):  # fmt: skip
            signal.disconnect()

    def detach(self) -> None:
        """Stop to listen; the workspace closes the canvas, and keeps what is on the screen."""
        for action in self.actions.values():
            action.cancel()
        self._tick.stop()
        self.snapshots.bind(None)
        self.about.bind(None)
        self.talk.bind(None)
        self.kept.bind(None)
        if self.session is not None:
            self._ignore(self.session)
            self.session = None

    async def _close(self) -> None:
        """Leave the canvas: strokes that are not saved stay in a draft."""
        self.page.stage.finish_writing()
        is_unsaved = self.session is not None and self.session.is_unsaved
        await self._end_session()
        if is_unsaved:
            self._ports.messages.toast("Your strokes are kept in a draft")
        self.editor.open(Document(width=1, height=1), Pixels())
        self.left.emit()

    async def show_text(self, text: str, blobs: Mapping[str, bytes] = NO_BLOBS) -> None:
        """Show a stored canvas; until it is there, nothing is drawn, kept or saved.

        Raises:
            AppError: it is not one of ours, or damaged; then nothing can be drawn.
        """
        number = self._begin_showing()
        reason = _BEING_SHOWN
        try:
            document = await asyncio.to_thread(canvas_format.read, text)
            pixels, _ = await loading.load(document, blobs, self._ports.pictures)
            if number != self._showing:
                return  # something newer is on its way to the screen
            self._keeping.begin(document, pixels, blobs)
            self.editor.open(document, pixels)
            reason = ""
        except AppError as error:
            reason = error.message
            raise
        finally:
            if number == self._showing:
                self._unshown = reason
                if reason:
                    self._keeping.give_up()
                self._show_read_only_state()
        self._saved_steps = 0
        self._is_lacking = broken.would_be_lost(document, pixels) or document.left_out > 0
        self._show_read_only_state()
        self.page.show_canvas()
        self.page.stage.fit()
        if pixels.missing:
            lost = [one.name for one in document.layers if broken.is_broken(one, pixels)]
            what = f"“{lost[0]}”" if len(lost) == 1 else counted(len(lost) or 1, "layer")
            self._ports.messages.toast(f"{what} could not be loaded, and stays as it is")

    def _begin_showing(self) -> int:
        """Let nothing be drawn, kept or saved of what is on the screen still; return a number."""
        self._showing += 1
        self._unshown = _BEING_SHOWN
        self._keeping.wait()
        self.editor.cancel_stroke()
        self._show_read_only_state()
        return self._showing

    async def until_shown(self) -> None:
        """Wait until the screen shows what it should, or cannot."""
        await self._keeping.settle()

    def _show_next(self, text: str) -> None:
        self._begin_showing()  # at once: the next stroke belongs to what is shown then
        self.actions["reload"].trigger(text)

    @contextmanager
    def stillness(self) -> Iterator[None]:
        """Let nothing be drawn while what is on the screen is about to be replaced."""
        self._still += 1
        self.editor.cancel_stroke()
        self._show_read_only_state()
        try:
            yield
        finally:
            self._still -= 1
            self._show_read_only_state()

    async def _show_foreign(self, error: AppError) -> None:
        """Show the picture of another program's canvas, for looking and copying."""
        await self.about.show_foreign()
        item = await self._ports.items.item(self._item_id)
        try:
            if item is None:
                raise error
            picture = await self._ports.pictures.large(item, canvas_format.MAX_SIDE)
        except AppError:
            self.page.show_failure(error.message, _NO_PICTURE)
            return
        image = await asyncio.to_thread(rgba, picture.data, picture.width, picture.height)
        blob = self._keeping.add_picture(await asyncio.to_thread(encoding.png, image))
        layer = PictureLayer(
            id=edits.new_id(), name=self._name[:200], blob=blob, width=image.width(),
            height=image.height(), is_locked=True,
        )  # fmt: skip
        pixels = Pixels()
        document = Document(width=image.width(), height=image.height(), layers=(layer,))
        self._keeping.begin(document, pixels, {blob: self._keeping.files[blob]})
        self.editor.open(document, pixels)
        self.editor.adopt_pixels(blob, image)
        self._unshown = ""
        self._show_read_only_state()
        self.page.show_canvas()

    async def _reload(self, text: str) -> None:
        await self.show_text(text)

    def _retry(self) -> None:
        self.open(self._item_id)

    # What the session tells

    def _on_edited(self) -> None:
        if self.session is not None and not self.session.is_foreign:
            self.session.edited()

    def _on_lease_changed(self, lease: Lease) -> None:
        self.lease_changed.emit()
        self._show_lock()
        self._show_read_only_state()
        self.kept.check()

    def _on_rest(self) -> None:
        """Draw no more where that was refused in the middle of a stroke, now that it is whole."""
        session = self.session
        is_refused = session is not None and session.lease.phase.value == "refused"
        if is_refused and not self.editor.read_only:
            self._show_read_only_state()

    def _on_draft_kept(self, at: datetime) -> None:
        self._kept_at = at
        self._show_times()

    def _on_draft_failed(self, error: AppError) -> None:
        self.page.set_note("The draft is not kept", is_warning=True)
        self._ports.messages.report(error)

    def _on_saved(self, result: SaveResult) -> None:
        self._keeping.arrived(result)
        self._saved_at = datetime.now(UTC)
        self._saved_steps = len(self.editor.history.done)
        self._show_lock()
        if result.is_snapshot:
            self.snapshots.note_saved(result.text)

    def _on_save_failed(self, error: AppError) -> None:
        self._ports.messages.report(error)

    def _on_replaced(self, text: str) -> None:
        self._show_next(text)
        self.snapshots.refresh()
        self._ports.messages.toast("Somebody saved this canvas; it is shown as it is now")

    @property
    def name(self) -> str:
        """What the canvas that is open is called."""
        return self._name

    def _what(self) -> str:
        """Return what is not saved, in a few words."""
        return done_words(self.editor.history.done[self._saved_steps :])

    def strokes(self) -> int:
        """Return how many steps are not saved."""
        return max(0, len(self.editor.history.done) - self._saved_steps)

    # Saving

    async def save_now(self) -> None:
        """Save what is on the screen, without a snapshot."""
        session = self.session
        if session is None:
            return
        self.page.set_saving("Saving…")
        try:
            await session.save(is_snapshot=False, on_progress=self._on_progress)
        finally:
            self.page.set_saving("")

    def save(self) -> None:
        """Keep a snapshot, or a copy where the canvas cannot be written."""
        if self.editor.read_only not in ("", _BEING_SHOWN, _LOOKING_BACK):
            self.actions["copy"].trigger()
        else:
            self.actions["save"].trigger()

    async def _save(self) -> None:
        session = self.session
        if session is None:
            return
        self.page.stage.finish_writing()
        if not session.lease.is_ours:
            if not session.is_unsaved:
                self._ports.messages.toast("There is nothing to save yet")
                return
            await session.take_again()
            if session.lease.phase.value == "lost":
                self.talk.ask_lost()
                return
        self.page.set_saving("Saving…")
        try:
            result = await session.save(is_snapshot=True, on_progress=self._on_progress)
        except AppError:
            if session.lease.is_changed:
                self.talk.ask_versions()
            elif session.lease.phase.value == "lost":
                self.talk.ask_lost()
            else:
                raise
            return
        finally:
            self.page.set_saving("")
        self._ports.messages.toast("Saved a snapshot")
        await self._ports.items.bring([result.asset.id])

    async def save_copy(self) -> None:
        """Make a new canvas of what is on the screen, and go on there."""
        session = self.session
        if session is None:
            return
        self.page.set_saving("Saving…")
        try:
            copy = await session.save_as_copy(edits.copy_name(self._name))
        finally:
            self.page.set_saving("")
        await self._ports.items.bring([copy.id])
        self._ports.messages.toast(f"Saved as “{copy.name}”")
        self.open(copy.id)

    def _on_progress(self, done: int, total: int) -> None:
        if total > 1:
            self.page.set_saving(f"Saving {done} of {total}…")

    # Painting at once

    async def _fill(self, x: int, y: int) -> None:
        editor, settings = self.editor, self.settings
        if editor.refuse():
            return
        session = self.session
        document, pixels, rect = editor.document, editor.pixels.frozen(), editor.rect
        made = await asyncio.to_thread(
            _reached, document, pixels, rect, x, y, settings.tolerance, settings.foreground,
            settings.is_contiguous,
        )  # fmt: skip

        if self.session is not session or editor.rect != rect:
            return  # another canvas came, or this one was cropped

        def draw(painter: QPainter) -> None:
            painter.drawImage(QPoint(0, 0), made)

        editor.paint_with("Fill on {}", "paint-bucket", rect, draw)

    # Small ones

    def _to_stage(self) -> None:
        """Give the keys back to the canvas: the next Enter crops, and letters choose tools."""
        self.page.stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def deselect(self) -> None:
        self.editor.set_selection(None)

    def _apply_crop(self) -> None:
        self.page.stage.tool.accept()

    def _cancel_crop(self) -> None:
        self.page.stage.tool.cancel()

    def _on_crop_changed(self) -> None:
        tool = self.page.stage.tool
        self.page.options.set_cropping(isinstance(tool, CropTool) and tool.frame is not None)

    def _on_selection_changed(self) -> None:
        self.page.options.set_has_selection(self.editor.selection is not None)

    def _on_refused(self, reason: str) -> None:
        self._ports.messages.toast(reason)

    # What is shown

    def _on_renamed(self) -> None:
        if self.session is not None:
            self._name = self.session.asset.name
            self._show_head()

    def _show_head(self) -> None:
        if self.session is not None:
            self.page.set_head(self._name, self.editor.document.width, self.editor.document.height)

    def _show_lock(self) -> None:
        session = self.session
        if session is None:
            return
        state = words.lock_state(
            session.lease,
            session.lease.seconds_left(session.now()),
            is_foreign=session.is_foreign,
            saved_at=self._saved_at,
            has_draft=bool(session.kept_id),
            saved_by=self.snapshots.saved_by,
        )
        if state != self.page.lock_bar.state:
            self.page.lock_bar.set_state(state)

    def _show_times(self) -> None:
        self._show_lock()
        self.kept.check()
        if self._kept_at is not None:
            self.page.set_note(words.draft_note(self._kept_at, datetime.now(UTC)))

    def _show_read_only_state(self) -> None:
        """Say to the editor whether anything can be edited now."""
        session = self.session
        if session is None:
            return
        reason = ""
        if self._still or self._unshown:
            reason = self._unshown or _BEING_SHOWN
        elif session.is_foreign:
            reason = "Another program made this canvas. Save a copy to edit it."
        elif self._is_lacking:
            reason = "Parts of this canvas could not be loaded. Saving it would lose them."
        elif session.lease.phase.value == "refused" and not self.editor.is_painting:
            reason = READ_ONLY
        elif self.snapshots.is_looking:
            reason = _LOOKING_BACK
        self.editor.set_read_only(reason)
        self._show_read_only()

    def _show_read_only(self) -> None:
        if self.editor.read_only in (_BEING_SHOWN, _BEING_CLOSED):
            return  # for a moment only: nothing of the window moves for it
        if self.editor.read_only == _LOOKING_BACK:  # what belongs to the canvas stays in its place
            self.page.rail.set_read_only(_LOOKING_BACK)
            self.layers.show()
            return
        is_read_only = bool(self.editor.read_only)
        self.page.set_read_only(is_read_only)
        self.page.rail.set_read_only(self.editor.read_only)
        self.dock.set_read_only(is_read_only, shows_snapshots=True)
        self.layers.show()
        if is_read_only and self.settings.tool not in (ToolId.HAND, ToolId.ZOOM):
            self._tool_before = self.settings.tool
            self.settings.set_tool(ToolId.HAND)
        elif not is_read_only and self._tool_before is not None:
            if self.settings.tool is ToolId.HAND:
                self.settings.set_tool(self._tool_before)
            self._tool_before = None


def _reached(
    document: Document, pixels: Pixels, rect: QRect, x: int, y: int, tolerance: int,
    color: QColor, is_contiguous: bool,
) -> QImage:  # fmt: skip
    flat = drawing.render(document, pixels, rect)
    return filling.reached(flat, x, y, tolerance, color, is_contiguous=is_contiguous)
