"""What the page of runs needs of others, and nothing more than that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from scenario_desktop.api.models.sartiq.requests import SartiqRequest
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.request import ports
from scenario_desktop.ui.panels.request.ports import (
    Drafts,
    Guard,
    Items,
    LargePictures,
    Reach,
    SmallPictures,
)

if TYPE_CHECKING:  # they bring httpx, which the first paint must not wait for
    from scenario_desktop.api.models.sartiq.answers import (
        AgenticShotStatus,
        ExperimentalTaskPublic,
    )


class Runner(Protocol):
    """Sends requests and tells what comes of them."""

    @property
    def agentic_changed(self) -> Any: ...
    async def submit(
        self,
        op: Op,
        request: SartiqRequest,
        slots: Mapping[str, Sequence[PictureRef]] | None = None,
        *,
        title: str = "",
        is_confirmed: bool = False,
    ) -> str: ...
    def draft_of(
        self, row_id: str
    ) -> tuple[Op, dict[str, Any], Mapping[str, Sequence[PictureRef]]]: ...
    def agentic(self, row_id: str) -> AgenticShotStatus | None: ...
    def task(self, row_id: str) -> ExperimentalTaskPublic | None: ...
    def refused_fields(self, row_id: str) -> Mapping[str, str]: ...


class JobsList(ports.JobsList, Protocol):
    """Follows what was sent, and stops it."""

    async def cancel(self, row_id: str) -> None: ...


class KnownIds(ports.KnownIds, Protocol):
    """Ids that were used before, and what they are called."""

    async def note(
        self, kind: str, known_id: str, name: str = "", *, is_used: bool = True
    ) -> None: ...
    async def note_all(self, used: Sequence[tuple[str, str]]) -> None: ...


class Addresses(Protocol):
    """Reads pictures that are told by an address alone."""

    async def picture(self, address: str, max_px: int) -> Picture: ...
    async def save(self, address: str, path: Path) -> None: ...


@dataclass(frozen=True, slots=True)
class Service:
    """The half of a workspace that makes things.

    Attributes:
        is_local: this computer's own engine: nothing is billed, and it has no learned model.
    """

    runs: Runner
    jobs: JobsList
    known: KnownIds
    reach: Reach
    addresses: Addresses
    is_local: bool


@dataclass(frozen=True, slots=True)
class RunsPorts:
    """All of one workspace that the page talks to.

    Attributes:
        service: None where the workspace has no such half; ``trouble`` says why it was not opened.
        chosen: what is chosen in the library now; ``chosen_count`` how much that is.
        open_outside: hands an item's file to the program that the system has for it.
        draft_name: begins the names of this workspace's drafts.
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
    open_outside: Callable[[Item], Awaitable[None]]
    draft_name: str = "runs"
    trouble: str = ""
