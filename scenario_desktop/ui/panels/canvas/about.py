"""What the canvas is called and what is said of it; also of a canvas of another program."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from scenario_desktop.canvas import foreign
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.session import CanvasSession


class About(QObject):
    """Renames and describes the canvas that is open, and lists what another program's holds.

    Neither touches the canvas itself: the server changes the name beside it, also while it is
    open for looking only.

    Attributes:
        actions: the running ones by name; tests wait for them.

    Signals:
        renamed: the canvas has another name now.
    """

    renamed = Signal()

    def __init__(
        self, page: CanvasPage, dock: CanvasDock, ports: CanvasPorts, *, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._page, self._dock, self._ports = page, dock, ports
        self._session: CanvasSession | None = None
        self.actions: dict[str, AsyncAction] = {}
        for name, function in (("rename", self._rename), ("describe", self._describe)):
            action = AsyncAction(function, parent=self)
            action.failed.connect(ports.messages.report)
            action.failed.connect(self.show)  # as it is on the server still
            self.actions[name] = action
        page.title.renamed.connect(self.actions["rename"].trigger)
        dock.about.edited.connect(self.actions["describe"].trigger)

    def bind(self, session: CanvasSession | None) -> None:
        self._session = session
        self._dock.show_foreign(None)
        self.show()

    def show(self) -> None:
        session = self._session
        self._page.title.set_editable(session is not None)
        self._dock.about.set_text(session.asset.description if session is not None else "")
        self._dock.about.set_locked(session is None)
        if session is not None:
            self._page.title.set_name(session.asset.name or "Untitled canvas")

    async def show_foreign(self) -> None:
        """List what can be read of a canvas of another program."""
        session = self._session
        if session is not None:
            content = await asyncio.to_thread(foreign.read, session.text)
            if self._session is session:
                self._dock.show_foreign(content)

    async def _rename(self, name: str) -> None:
        session = self._session
        if session is None:
            return
        await session.rename(name)
        self.show()
        self.renamed.emit()
        self._ports.messages.toast(f"Renamed to “{session.asset.name}”")
        await self._ports.items.bring([session.asset.id])

    async def _describe(self, text: str) -> None:
        session = self._session
        if session is None:
            return
        await session.describe(text)
        self.show()
        await self._ports.items.bring([session.asset.id])
