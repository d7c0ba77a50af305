"""Brings what was detected from a canvas back onto it, in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobsChange, JobState
from scenario_desktop.services.words import counted
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.forms.drafts import SettingsDrafts
from scenario_desktop.ui.notices import Notices
from scenario_desktop.ui.panels.canvas.exchange.origins import MAX_ORIGINS, Origin, read_origins

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session
    from scenario_desktop.ui.panels.canvas.controller import CanvasController

_DRAFT = "canvas_origins"


class Room(Protocol):
    """Where canvases are shown."""

    @property
    def controller(self) -> CanvasController | None: ...

    def open(self, asset_id: str, *, recovery_id: str | None = None) -> None: ...


class CanvasResults(QObject):
    """Knows which pictures were taken from which canvas, and offers what is made of them.

    Attributes:
        placing: puts results on the canvas; tests wait for it.
    """

    def __init__(
        self, room: Room, drafts: SettingsDrafts, notices: Notices, *, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._room, self._drafts, self._notices = room, drafts, notices
        self._session: Session | None = None
        self._origins: dict[str, Origin] = {}
        self._told: set[str] = set()
        self._ready: list[str] = []
        self.placing = AsyncAction(self._place, parent=self)
        self.placing.failed.connect(notices.report)

    def bind(self, session: Session) -> None:
        self._session = session
        self._origins = read_origins(self._drafts.load(_DRAFT))
        # What was done before this start is in the list of jobs, and is not news.
        self._told = {view.id for view in session.jobs.rows if view.state is JobState.DONE}
        session.jobs.changed.connect(self._on_jobs_changed)

    def unbind(self) -> None:
        self.placing.cancel()
        if self._session is not None:
            self._session.jobs.changed.disconnect(self._on_jobs_changed)
        self._session = None
        self._ready.clear()

    def remember(self, asset_id: str, origin: Origin) -> None:
        """Take note that a picture was taken from a part of a canvas."""
        self._ready.clear()
        self._origins.pop(asset_id, None)
        self._origins[asset_id] = origin
        for oldest in list(self._origins)[:-MAX_ORIGINS]:
            del self._origins[oldest]
        self._drafts.save(_DRAFT, {key: one.to_dict() for key, one in self._origins.items()})

    def place(self, asset_ids: Sequence[str]) -> None:
        """Put results on their canvas, or in the middle of the one that is open."""
        self.placing.trigger(list(asset_ids))

    def _open_canvas(self) -> str:
        controller = self._room.controller
        session = controller.session if controller is not None else None
        return session.asset.id if session is not None else ""

    def _on_jobs_changed(self, change: JobsChange) -> None:
        session, canvas = self._session, self._open_canvas()
        if session is None:
            return
        titles: list[str] = []
        for row_id in (*change.added, *change.changed):
            view = session.jobs.view(row_id)
            if view is None or view.state is not JobState.DONE or row_id in self._told:
                continue
            self._told.add(row_id)
            origin = self._origins.get(view.input_item_id or "")
            if origin is not None and canvas and origin.canvas_id == canvas:
                self._ready += view.result_ids
                titles.append(view.title)
        if titles:
            count = len(self._ready)
            text = f"{titles[0]} is done" if count == 1 else f"{counted(count, 'result')} are done"
            self._notices.offer(text, "Place on canvas", self._place_ready)

    def _place_ready(self) -> None:
        ids, self._ready = self._ready, []
        self.place(ids)

    async def _place(self, asset_ids: Sequence[str]) -> None:
        session = self._session
        if session is None:
            return
        items = await self._items(session, asset_ids)
        if not items:
            self._notices.toast("It is not in the library any more")
            return
        origins = [self._origins.get(item.parent_id or "") for item in items]
        known = next((origin.canvas_id for origin in origins if origin is not None), "")
        wanted = self._open_canvas() or known
        if not wanted:
            self._notices.toast("Open a canvas first, then place it")
            return
        self._room.open(wanted)
        controller = self._room.controller
        if controller is None:
            return
        await controller.actions["open"].settle()
        for item, origin in zip(items, origins, strict=True):
            if not await controller.pictures.place_result(item, origin):
                return

    async def _items(self, session: Session, asset_ids: Sequence[str]) -> list[Item]:
        found = [await session.library.item(asset_id) for asset_id in asset_ids]
        missing = [key for key, item in zip(asset_ids, found, strict=True) if item is None]
        if missing:
            await session.library.bring(missing)
            found = [await session.library.item(asset_id) for asset_id in asset_ids]
        return [item for item in found if item is not None]
