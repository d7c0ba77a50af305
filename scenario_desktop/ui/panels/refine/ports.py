"""What the refine panel needs of others, and nothing more than that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.job_views import JobView
from scenario_desktop.services.spending import Decision
from scenario_desktop.ui.notices import Reports

if TYPE_CHECKING:  # they bring httpx, which the first paint must not wait for
    from scenario_desktop.api.models.assets import Asset
    from scenario_desktop.services.sartiq.refining import RefinePlan
    from scenario_desktop.services.sartiq.remembered import KnownId


class Refiner(Protocol):
    """Sends a plan, a row for each of its inputs."""

    async def refine(self, plan: RefinePlan, *, is_confirmed: bool = False) -> list[str]: ...


class JobsList(Protocol):
    """Follows what was sent."""

    @property
    def rows(self) -> Sequence[JobView]: ...
    @property
    def changed(self) -> Any: ...
    def view(self, row_id: str) -> JobView | None: ...
    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str: ...


class KnownIds(Protocol):
    """Ids that were used before."""

    def of(self, kind: str) -> Sequence[KnownId]: ...
    async def note(self, kind: str, known_id: str) -> None: ...
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


@dataclass(frozen=True, slots=True)
class Service:
    """The half of a workspace that refines.

    Attributes:
        is_local: this computer's own engine: nothing is billed.
        uploads_items: it cannot read the addresses of the library's items.
    """

    runs: Refiner
    jobs: JobsList
    known: KnownIds
    reach: Reach
    is_local: bool
    uploads_items: bool = True


@dataclass(frozen=True, slots=True)
class RefinePorts:
    """All of one workspace that the panel talks to.

    Attributes:
        service: None where the workspace has no such half; ``trouble`` says why it was not opened.
        chosen: what is chosen in the library now; ``chosen_count`` how much that is.
        draft_name: under which the draft of this workspace is kept.
    """

    service: Service | None
    large: LargePictures
    small: SmallPictures
    items: Items
    guard: Guard
    messages: Reports
    drafts: Drafts
    chosen: Callable[[], Awaitable[Sequence[Item]]]
    chosen_count: Callable[[], int]
    draft_name: str = "refine"
    trouble: str = ""


def sentence(error: object) -> str:
    """Return a failure's message and hint; a bug of ours is in the log and reported as such."""
    if isinstance(error, AppError):
        return f"{error.message} {error.hint}".strip()
    return "The program made a mistake."
