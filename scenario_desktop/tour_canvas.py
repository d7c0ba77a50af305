"""The tour's second half: a canvas made, drawn on, contested by a second user, and restored.

Each step looks at the canvas as that second user is told of it, not at the screen alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scenario_desktop.errors import Conflict
from scenario_desktop.tour_hands import Walker, dialog_of, press

if TYPE_CHECKING:
    from PySide6.QtCore import QPointF

    from scenario_desktop.api.client import ScenarioClient
    from scenario_desktop.canvas.format import Document
    from scenario_desktop.items import Item
    from scenario_desktop.services.canvas.session import CanvasSession
    from scenario_desktop.services.engine_process import EngineAddress
    from scenario_desktop.ui.panels.canvas.controller import CanvasController

NAME = "Tour canvas"
SIZE = (1280, 800)
#: Where the strokes go, as shares of the canvas, and their colour.
STROKES = ((0.18, "#d03050"), (0.3, "#e8b33c"), (0.42, "#2f8d6c"))
LATE, LATE_COLOR = 0.85, "#4650dc"
#: As much may a channel differ: alpha is multiplied in, and out again in a draft's file.
ROUNDING = 3
#: The second user locks for so long, seconds.
LOCK_S = 540.0


class CanvasSteps:
    """The steps, in their order; each says what was found."""

    def __init__(self, walker: Walker, address: EngineAddress, picture: Item) -> None:
        """
        Args:
            address: with the keys of the second user.
            picture: is placed on the canvas.
        """
        from scenario_desktop.api.client import ScenarioClient

        self._walker, self._picture = walker, picture
        self._other: ScenarioClient = ScenarioClient(
            address.scenario_url, address.second_api_key, address.second_api_secret
        )
        self._canvas_id = self._lock_id = ""

    async def aclose(self) -> None:
        await self._other.aclose()

    def steps(self) -> tuple[tuple[str, Callable[[], Awaitable[str]]], ...]:
        return (
            ("canvas-new", self._new),
            ("canvas-place", self._place),
            ("canvas-draw", self._draw),
            ("canvas-save", self._save),
            ("canvas-refused", self._refused),
            ("canvas-force", self._force),
            ("canvas-restore", self._restore),
            ("canvas-close", self._close),
        )

    async def _new(self) -> str:
        from PySide6.QtTest import QTest

        from scenario_desktop.ui.panels.canvas.dialogs import NewCanvasDialog

        bench, walker = self._walker.bench, self._walker
        bench.window.set_page("gallery")
        bench.gallery.view.grid.clear_choice()
        bench.commands.run("canvas.new")
        dialog = await dialog_of(self._walker, NewCanvasDialog)
        dialog.name.selectAll()
        QTest.keyClicks(dialog.name, NAME)
        dialog.set_size(*SIZE)
        dialog.ground.set_value("#ffffff")
        await walker.quiet()
        await walker.shoot("canvas-form")
        press(self._walker, dialog, "Create canvas")
        await walker.until(lambda: bench.canvas.controller and bench.canvas.controller.is_open)
        await walker.until(lambda: not self._controller.actions["open"].is_busy)
        self._canvas_id = self._session.asset.id
        asset = await self._other.get_asset(self._canvas_id)
        document = await self._on_server()
        walker.expect(asset.name == NAME, f"the server calls it “{asset.name}”")
        size = (document.width, document.height)
        walker.expect(size == SIZE, f"the server's canvas has {size[0]} × {size[1]} pixels")
        walker.expect(asset.lock_expires_at is None, "making it has locked it")
        await walker.quiet()
        return f"“{NAME}” is on the server, {SIZE[0]} × {SIZE[1]} pixels, locked by nobody"

    async def _place(self) -> str:
        from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
        from PySide6.QtGui import QDragEnterEvent, QDropEvent

        from scenario_desktop.canvas.format import PictureLayer
        from scenario_desktop.ui.widgets.drags import put_keys

        walker, stage = self._walker, self._controller.page.stage
        data = QMimeData()
        put_keys(data, [self._picture.key])
        copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        where = stage.to_view(QPointF(SIZE[0] * 0.62, SIZE[1] * 0.5))
        enter = QDragEnterEvent(QPoint(40, 40), copy, data, left, none)
        stage.dragEnterEvent(enter)
        walker.expect(enter.isAccepted(), "the canvas takes no picture of the gallery")
        stage.dropEvent(QDropEvent(where, copy, data, left, none))
        await walker.until(lambda: isinstance(self._controller.editor.active, PictureLayer))
        await self._until_held()
        asset = await self._other.get_asset(self._canvas_id)
        walker.expect(asset.lock_expires_at is not None, "the server knows of no lock")
        await walker.quiet()
        return f"“{self._picture.name}” lies on it, and the first edit has locked it for others"

    async def _draw(self) -> str:
        from scenario_desktop.canvas.format import PaintLayer

        walker, controller = self._walker, self._controller
        paint = [one for one in controller.editor.document.layers if isinstance(one, PaintLayer)]
        walker.expect(bool(paint), "there is no layer to paint on")
        controller.editor.set_active(paint[-1].id)
        for height, color in STROKES:
            self._stroke(height, color)
        session = self._session
        await walker.until(lambda: session.is_drafted)
        walker.expect(self._is_drawn(STROKES[0][0], STROKES[0][1]), "the stroke cannot be seen")
        document = await self._on_server()
        walker.expect(not document.asset_ids(), "something was sent before it was saved")
        await walker.quiet()
        return f"{len(STROKES)} strokes are drawn and kept in a draft; nothing is sent yet"

    async def _save(self) -> str:
        walker, controller = self._walker, self._controller
        self._walker.bench.commands.run("canvas.save")
        await walker.until(lambda: controller.actions["save"].is_busy)
        await walker.until(lambda: not controller.actions["save"].is_busy)
        walker.expect(not self._session.is_unsaved, "it is not saved")
        document = await self._on_server()
        ids = document.asset_ids()
        walker.expect(self._picture.id in ids, "the server's canvas lacks the picture")
        painted = sorted(ids - {self._picture.id})
        walker.expect(len(painted) == 1, f"{len(painted)} painted layers came to the server")
        layer = await self._other.get_asset(painted[0])
        is_below = layer.is_hidden and layer.parent_id == self._canvas_id
        walker.expect(is_below, "the painted layer is not hidden below the canvas")
        walker.expect(await self._snapshot_count() == 1, "there is not one snapshot")
        await walker.quiet()
        return "one snapshot, the picture by its id, and one painted layer hidden below it"

    async def _refused(self) -> str:
        walker, controller = self._walker, self._controller
        controller.page.lock_bar.action_requested.emit()
        await walker.until(lambda: not self._session.lease.is_ours)
        await walker.until(lambda: not controller.actions["lock"].is_busy)
        until = self._session.now().server + timedelta(seconds=LOCK_S)
        answer = await self._other.lock_asset(self._canvas_id, until)
        self._lock_id = answer.lock_id or ""
        walker.expect(bool(self._lock_id), "the second user got no lock")
        before = await self._other.canvas_text(self._canvas_id)
        self._stroke(LATE, LATE_COLOR)
        dialog = await self._question()
        words = dialog.question.text.partition("\n")[0]
        walker.expect("kept in a draft" in words, f"the question begins: {words}")
        walker.expect(not self._is_drawn(LATE, LATE_COLOR), "the stroke is still on the canvas")
        after = await self._other.canvas_text(self._canvas_id)
        walker.expect(after == before, "a refused stroke has changed the server's canvas")
        await walker.quiet()
        return f"the second user's lock stands; {words[:1].lower()}{words[1:].rstrip('.')}"

    async def _force(self) -> str:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        from scenario_desktop.api.models.assets import AssetUpdate
        from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import HoldButton, TakeOverDialog

        walker = self._walker
        press(self._walker, await self._question(), "Take over…")
        dialog = await dialog_of(self._walker, TakeOverDialog)
        await walker.quiet()
        await walker.shoot("canvas-take-over")
        QTest.mousePress(dialog.findChildren(HoldButton)[0], Qt.MouseButton.LeftButton)
        await self._until_held()
        await walker.until(lambda: self._is_drawn(LATE, LATE_COLOR))
        await walker.until(lambda: not self._controller.actions["asking"].is_busy)
        text = await self._other.canvas_text(self._canvas_id)
        try:
            await self._other.update_asset(
                self._canvas_id, AssetUpdate(canvas=text, lock_id=self._lock_id)
            )
        except Conflict:
            pass
        else:
            walker.expect(False, "the second user can still save")
        (line, *_) = await self._session.history()
        walker.expect(line.deed.value == "forced", "the history here does not tell of it")
        walker.bench.commands.run("canvas.save")
        await self._until_snapshots(2)
        await walker.quiet()
        return "the second user cannot save any more; the stroke is back and saved"

    async def _restore(self) -> str:
        from scenario_desktop.ui.panels.canvas.history.snapshots import CompareDialog

        walker, controller = self._walker, self._controller
        page = await self._other.list_snapshots(self._canvas_id)
        oldest = min(page.snapshots, key=lambda one: one.taken_at or self._picture.created_at)
        await walker.until(lambda: not controller.snapshots.reading.is_busy)
        controller.dock.snapshots.set_current(controller.snapshots.key_of(oldest))
        controller.dock.compare_requested.emit()
        dialog = await dialog_of(self._walker, CompareDialog)
        await walker.quiet()
        await walker.shoot("canvas-compare")
        press(self._walker, dialog, "Restore as a new save")
        await self._until_snapshots(3)
        await walker.until(lambda: not self._is_drawn(LATE, LATE_COLOR))
        text = await self._other.canvas_text(self._canvas_id)
        walker.expect(text == oldest.raw_data, "the server's canvas is not the snapshot")
        walker.expect(self._is_drawn(*STROKES[0]), "the first strokes are gone")
        await walker.quiet()
        return "the first snapshot is the canvas again, as a third one; nothing is gone"

    async def _close(self) -> str:
        walker = self._walker
        walker.bench.commands.run("canvas.close")
        await walker.until(lambda: walker.bench.window.page == "gallery")

        async def is_free() -> bool:
            return (await self._other.get_asset(self._canvas_id)).lock_expires_at is None

        await walker.until_async(is_free)
        walker.bench.jobs.reveal_requested.emit((self._picture.id,))
        grid = walker.bench.gallery.controller
        await walker.until(lambda: grid.chosen_keys() == [self._picture.key])
        await walker.quiet()
        return "leaving gives the lock back, and the canvas stands in the gallery"

    # What the steps share

    @property
    def _controller(self) -> CanvasController:
        controller: CanvasController = self._walker.bench.canvas.controller
        return controller

    @property
    def _session(self) -> CanvasSession:
        session = self._controller.session
        self._walker.expect(session is not None, "no canvas is open")
        assert session is not None  # noqa: S101 - for the type checker; said in words above
        return session

    async def _on_server(self) -> Document:
        from scenario_desktop.canvas import format as canvas_format

        return canvas_format.read(await self._other.canvas_text(self._canvas_id))

    async def _snapshot_count(self) -> int:
        return len((await self._other.list_snapshots(self._canvas_id)).snapshots)

    async def _until_snapshots(self, count: int) -> None:
        async def are_there() -> bool:
            return await self._snapshot_count() == count

        await self._walker.until_async(are_there)

    async def _until_held(self) -> None:
        lease = self._session
        await self._walker.until(lambda: lease.lease.is_ours and not lease.lease.is_check_due)

    def _place_of(self, share: float, step: int) -> QPointF:
        from PySide6.QtCore import QPointF

        return QPointF(SIZE[0] * (0.05 + 0.025 * step), SIZE[1] * share)

    def _stroke(self, share: float, color: str) -> None:
        from PySide6.QtCore import Qt
        from PySide6.QtGui import QColor
        from PySide6.QtTest import QTest

        from scenario_desktop.ui.panels.canvas.tools.settings import ToolId

        settings, stage = self._controller.settings, self._controller.page.stage
        settings.set_tool(ToolId.BRUSH)
        settings.set_foreground(QColor(color))
        places = [stage.to_view(self._place_of(share, step)).toPoint() for step in range(9)]
        QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(stage, place)
        QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=places[-1])

    def _is_drawn(self, share: float, color: str) -> bool:
        from PySide6.QtGui import QColor

        place = self._place_of(share, 4)
        flat = self._controller.editor.flattened()
        found, wanted = flat.pixelColor(int(place.x()), int(place.y())), QColor(color)
        pairs = (
            (found.red(), wanted.red()),
            (found.green(), wanted.green()),
            (found.blue(), wanted.blue()),
        )
        return all(abs(is_now - was) <= ROUNDING for is_now, was in pairs)

    async def _question(self) -> Any:
        from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import LeaseDialog

        return await dialog_of(self._walker, LeaseDialog)
