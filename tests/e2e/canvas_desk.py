"""The real window on a real engine with a second user, and a canvas between the two."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from scenario_desktop import paths
from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.assets import Asset, AssetUpdate
from scenario_desktop.api.moments import wire_time
from scenario_desktop.app import Program
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, PaintLayer
from scenario_desktop.services.canvas.content import Stored
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.services.canvas.session import CanvasSession
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.engine_process import EngineProcess, check_identity
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.controller import CanvasController
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import ChoiceRow, LeaseDialog
from scenario_desktop.ui.panels.canvas.pixels import encoding
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from scenario_desktop.ui.workbench.canvas_room import CanvasRoom
from tests.e2e.desk import PATIENCE_S, press, session_of
from tests.support import until

SIZE = (480, 320)


class CanvasDesk:
    """Ann at the window; Ben has the second pair of keys and no window.

    Attributes:
        ben: the connection of the second user.
    """

    def __init__(self, program: Program, ben: ScenarioClient | None = None) -> None:
        self.program, self._ben = program, ben
        self._ben_lock = ""

    @property
    def ben(self) -> ScenarioClient:
        assert self._ben is not None
        return self._ben

    @property
    def window(self) -> Any:
        return self.program.window

    @property
    def room(self) -> CanvasRoom:
        return self.program.workbench.canvas

    @property
    def controller(self) -> CanvasController:
        assert self.room.controller is not None
        return self.room.controller

    @property
    def editor(self) -> Editor:
        return self.controller.editor

    @property
    def session(self) -> CanvasSession:
        assert self.controller.session is not None
        return self.controller.session

    @property
    def canvas_id(self) -> str:
        return self.session.asset.id

    def hurry(self, times: CanvasTimes, clock: Clock | None = None) -> None:
        """Let canvases that are opened from now on have other times, or another clock."""
        canvases = session_of(self.program).canvases
        canvases._room = replace(canvases._room, times=times, clock=clock or Clock())

    async def make(self, name: str = "Ember Valley", document: Document | None = None) -> Asset:
        """Make a canvas with one layer to paint on."""
        if document is None:
            layer = PaintLayer(id="paint", name="Clouds")
            document = Document(
                width=SIZE[0], height=SIZE[1], background="#ffffff", layers=(layer,)
            )
        session = session_of(self.program)
        thumbnail = encoding.thumbnail(document, Pixels())
        text = canvas_format.dump(document)
        asset = await session.canvases.create(name, Stored({}, lambda _ids: text, thumbnail))
        await session.library.bring([asset.id])
        return asset

    async def open(self, asset_id: str, *, recovery_id: str | None = None) -> None:
        """Bring a canvas to the front and wait until it can be drawn on, or not."""
        self.room.open(asset_id, recovery_id=recovery_id)
        await self.settled("open")

    async def start(self) -> None:
        """Make a canvas and open it."""
        await self.open((await self.make()).id)
        assert not self.editor.read_only

    async def settled(self, name: str) -> None:
        action = self.controller.actions[name]
        await until(lambda: not action.is_busy, timeout_s=PATIENCE_S)

    async def shown(self) -> None:
        """Wait until the canvas of the session is on the screen."""
        await until(lambda: not self.controller._unshown, timeout_s=PATIENCE_S)

    def draw(self, y: float = 100.0, color: str = "#d03050") -> None:
        """Draw a stroke across the canvas with the pointer."""
        self.controller.settings.set_tool(ToolId.BRUSH)
        self.controller.settings.set_foreground(QColor(color))
        stage = self.controller.page.stage
        points = [QPointF(60 + step * 40, y) for step in range(9)]
        places = [stage.to_view(point).toPoint() for point in points]
        QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(stage, place)
        QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=places[-1])

    def color(self, x: int = 100, y: int = 100) -> str:
        """Return the colour that the canvas on the screen has at a point."""
        return self.editor.flattened().pixelColor(x, y).name()

    @property
    def is_drawn(self) -> bool:
        return self.color() == "#d03050"

    async def held(self) -> None:
        await until(
            lambda: self.session.lease.is_ours and not self.session.lease.is_check_due,
            timeout_s=PATIENCE_S,
        )

    async def hold(self) -> None:
        """Draw, and wait for the lock and the draft."""
        self.draw()
        await self.held()
        await until(
            lambda: self.session._draft.drafted >= self.session._draft.edit, timeout_s=PATIENCE_S
        )

    async def question(self) -> LeaseDialog:
        """Wait for a question about the lock."""
        found: list[LeaseDialog] = []

        def is_there() -> bool:
            found[:] = [d for d in self.window.findChildren(LeaseDialog) if d.isVisible()]
            return bool(found)

        await until(is_there, timeout_s=PATIENCE_S)
        return found[0]

    def is_asked(self) -> bool:
        return any(d.isVisible() for d in self.window.findChildren(LeaseDialog))

    async def choose(self, title: str) -> None:
        """Click a row of the question, or a button below it."""
        dialog = await self.question()
        for row in dialog.findChildren(ChoiceRow):
            if row.text() == title:
                QTest.mouseClick(row, Qt.MouseButton.LeftButton)
                return
        press(dialog, title)

    # Ben

    async def ben_locks(self, seconds: float = 540.0) -> None:
        now = self.session.now().server
        answer = await self.ben.lock_asset(self.canvas_id, now + timedelta(seconds=seconds))
        self._ben_lock = answer.lock_id or ""

    async def ben_unlocks(self) -> None:
        await self.ben.unlock_asset(self.canvas_id, lock_id=self._ben_lock)
        self._ben_lock = ""

    async def ben_forces(self) -> None:
        await self.ben.unlock_asset(self.canvas_id, is_forced=True)

    async def ben_saves(self, background: str = "#2060c0") -> None:
        """Let Ben change the ground, under his lock."""
        document = canvas_format.read(await self.ben.canvas_text(self.canvas_id))
        text = canvas_format.dump(document.model_copy(update={"background": background}))
        update = AssetUpdate(canvas=text, lock_id=self._ben_lock or None)
        await self.ben.update_asset(self.canvas_id, update)

    async def ben_renews(self, seconds: float) -> None:
        until_at = self.session.now().server + timedelta(seconds=seconds)
        update = AssetUpdate(lock_id=self._ben_lock, lock_expires_at=wire_time(until_at))
        await self.ben.update_asset(self.canvas_id, update)

    async def on_server(self) -> Document:
        """Return the canvas as everybody else sees it."""
        return canvas_format.read(await self.ben.canvas_text(self.canvas_id))


@asynccontextmanager
async def canvas_desk(folder: Path) -> AsyncIterator[CanvasDesk]:
    """Run the program on a data folder, with a second user let in."""
    places = paths.under(folder)
    places.make()
    engine = EngineProcess(log_file=places.engine_log, check=check_identity, has_second_user=True)
    settings = SettingsStore(places.settings)
    program = Program(places, settings, theme.current(), engine=engine)
    program.window.resize(1440, 900)
    running = asyncio.create_task(program.run(), name="program")
    ben: ScenarioClient | None = None
    try:
        await until(lambda: program.ready.is_set() or running.done(), timeout_s=PATIENCE_S)
        address = engine.status.address
        assert address is not None
        ben = ScenarioClient(
            address.scenario_url, address.second_api_key, address.second_api_secret
        )
        yield CanvasDesk(program, ben)
    finally:
        if ben is not None:
            await ben.aclose()
        program.leave()
        await running


DeskTest = Callable[..., Coroutine[Any, Any, None]]


def at_the_desk(times: CanvasTimes) -> Callable[[DeskTest], Callable[..., Any]]:
    """Run a test on the Qt loop with a desk of its own as its first argument.

    Fixtures cannot: they are set up outside the loop of the test.
    """

    def decorate(test: DeskTest) -> Callable[..., Any]:
        async def run(qt_loop: object, tmp_path: Path, **values: Any) -> None:
            async with canvas_desk(tmp_path / "d") as desk:
                desk.hurry(times)
                await test(desk, **values)

        own = inspect.signature(run).parameters
        extra = list(inspect.signature(test).parameters.values())[1:]
        kept = [own["qt_loop"], own["tmp_path"], *extra]
        plain = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in kept]
        run.__signature__ = inspect.Signature(plain)  # type: ignore[attr-defined]
        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        return run

    return decorate
