"""What the canvas panel needs of others, and nothing more than that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from scenario_desktop.items import Item, Picture
from scenario_desktop.ui.notices import Reports

if TYPE_CHECKING:  # they bring httpx, which the first paint must not wait for
    from scenario_desktop.api.models.assets import Asset
    from scenario_desktop.services.canvas.content import Editor, Stored
    from scenario_desktop.services.canvas.drafts import Draft, Recovery
    from scenario_desktop.services.canvas.session import CanvasSession
    from scenario_desktop.services.people import Person

T = TypeVar("T")


class CanvasService(Protocol):
    """Opens, makes and closes canvases."""

    async def open(
        self, asset_id: str, editor: Editor, *, recovery_id: str | None = None
    ) -> CanvasSession: ...
    async def close(self, session: CanvasSession) -> None: ...
    async def create(self, name: str, stored: Stored) -> Asset: ...
    async def recoveries(self) -> list[Recovery]: ...
    async def discard(self, recovery_id: str) -> None: ...
    async def kept(self, recovery_id: str) -> Recovery | None: ...
    async def draft(self, recovery_id: str) -> Draft: ...


class LargePictures(Protocol):
    """Gives pictures, decoded by worker processes."""

    async def large(self, item: Item, max_px: int) -> Picture: ...
    async def large_into(self, take: Callable[[Picture], T], item: Item, max_px: int) -> T: ...
    async def file(self, path: Path, max_px: int) -> Picture: ...


class Items(Protocol):
    """The library."""

    async def items(self, keys: Sequence[int]) -> Mapping[int, Item]: ...
    async def item(self, asset_id: str) -> Item | None: ...
    async def bring(self, asset_ids: Sequence[str]) -> Any: ...


class Names(Protocol):
    """Knows who is behind an author's id."""

    async def named(self, ids: Collection[str]) -> Mapping[str, Person]: ...


@dataclass(frozen=True, slots=True)
class CanvasPorts:
    """All of one workspace that the panel talks to.

    Attributes:
        workspace: its id; assets of another one cannot be named on a canvas.
        people: None where nobody can be named.
    """

    canvases: CanvasService
    pictures: LargePictures
    items: Items
    messages: Reports
    workspace: str = ""
    people: Names | None = None
