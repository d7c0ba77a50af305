"""What the refine panel needs of others, and nothing more than that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from scenario_desktop.items import Item
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.request import ports as request
from scenario_desktop.ui.panels.request.ports import (
    Drafts,
    Guard,
    Items,
    LargePictures,
    Reach,
    SmallPictures,
)

if TYPE_CHECKING:  # they bring httpx, which the first paint must not wait for
    from scenario_desktop.services.sartiq.refining import RefinePlan


class Refiner(Protocol):
    """Sends a plan, a row for each of its inputs."""

    async def refine(self, plan: RefinePlan, *, is_confirmed: bool = False) -> list[str]: ...


class JobsList(request.JobsList, Protocol):
    """Follows what was sent, and sends it again."""

    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str: ...


class KnownIds(request.KnownIds, Protocol):
    """Ids that were used before, and are noted as they are used."""

    async def note(self, kind: str, known_id: str) -> None: ...


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
