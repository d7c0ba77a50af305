"""What a form that sends something needs of others, whatever it sends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.job_views import JobView
from scenario_desktop.services.spending import Decision

if TYPE_CHECKING:  # they bring httpx, which the first paint must not wait for
    from scenario_desktop.api.models.assets import Asset
    from scenario_desktop.services.sartiq.remembered import KnownId


class JobsList(Protocol):
    """Follows what was sent."""

    @property
    def rows(self) -> Sequence[JobView]: ...
    @property
    def changed(self) -> Any: ...
    def view(self, row_id: str) -> JobView | None: ...


class KnownIds(Protocol):
    """Ids that were used before."""

    def of(self, kind: str) -> Sequence[KnownId]: ...
    async def forget(self, kind: str, known_id: str) -> None: ...
    async def put_back(self, kind: str, known: KnownId, place: int) -> None: ...


class Reach(Protocol):
    """Whether the service can be reached; a SyncStatus."""

    @property
    def status(self) -> Any: ...
    @property
    def status_changed(self) -> Any: ...


class LargePictures(Protocol):
    """Gives the picture of an item or a file at a useful size."""

    async def large(self, item: Item, max_px: int, /) -> Picture: ...
    async def file(self, path: Path, max_px: int, /) -> Picture: ...
    async def measure(self, path: Path, /) -> tuple[int, int]: ...


class SmallPictures(Protocol):
    """Gives an item's thumbnail, encoded by our own workers."""

    async def get(self, item: Item, /) -> bytes: ...


class Items(Protocol):
    """Finds items of the library."""

    @property
    def changed(self) -> Any: ...
    async def item(self, asset_id: str, /) -> Item | None: ...
    async def items(self, keys: Iterable[int], /) -> Mapping[int, Item]: ...
    async def details(self, key: int, /) -> Asset: ...


class Guard(Protocol):
    """Holds a price against the user's limit."""

    def decide(self, total: Any, /) -> Decision: ...


class Drafts(Protocol):
    """Remembers drafts as plain dicts."""

    def load(self, name: str, /) -> Mapping[str, Any]: ...
    def save(self, name: str, draft: Mapping[str, Any], /) -> None: ...


def sentence(error: object) -> str:
    """Return a failure's message and hint; a bug of ours is in the log and reported as such."""
    if isinstance(error, AppError):
        return f"{error.message} {error.hint}".strip()
    return "The program made a mistake."
