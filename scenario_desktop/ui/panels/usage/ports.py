"""What the usage page needs of the program around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.services.usage.activity import ActivityBook, ActivityFilter, ActivityRow
from scenario_desktop.services.usage.budget import BudgetState
from scenario_desktop.services.usage.comparison import Comparison
from scenario_desktop.services.usage.ranges import Preset, UsageRange
from scenario_desktop.services.usage.usage import Loaded, Within
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.usage.pictures import ItemSource

#: Asks where to write a file of a name; None when that is given up.
ChoosePath = Callable[[str, str], Awaitable[Path | None]]


class UsageService(Protocol):
    """The usage of one workspace."""

    @property
    def zone(self) -> tzinfo: ...
    def now(self) -> datetime: ...
    def preset(self, which: Preset) -> UsageRange: ...
    async def kept(self, over: UsageRange) -> Loaded | None: ...
    async def report(self, over: UsageRange, *, is_fresh: bool = ...) -> Loaded: ...
    async def users(self, over: UsageRange, user_ids: Sequence[str]) -> dict[str, UsageReport]: ...
    def activity(
        self, over: UsageRange, wanted: ActivityFilter | None = ..., *, within: Within | None = ...
    ) -> ActivityBook: ...
    def all_activity(
        self, over: UsageRange, wanted: ActivityFilter | None = ..., *, within: Within | None = ...
    ) -> AsyncIterator[tuple[int, list[ActivityRow]]]: ...
    async def comparison(self, over: UsageRange) -> Comparison: ...
    async def budget(self, budget: Decimal | None, spent: Decimal | None = ...) -> BudgetState: ...


@dataclass(frozen=True, slots=True)
class UsagePorts:
    """What the controller talks to.

    Attributes:
        budget: the month's budget as it is set now, None without one.
        has_account: whether a service tells of the account; else only our own record is shown.
        choose_path: asks for a file, by its proposed name and the filter of the dialog.
        remembered: what ``remember`` was given last, empty at first.
    """

    usage: UsageService
    items: ItemSource
    store: PictureStore
    messages: Reports
    budget: Callable[[], Decimal | None]
    choose_path: ChoosePath
    has_account: bool = True
    remembered: Callable[[], Mapping[str, Any]] = dict
    remember: Callable[[dict[str, Any]], None] = lambda _state: None
