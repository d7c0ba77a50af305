"""A usage page over a service that is made up: a month of a studio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from psygnal import Signal

from scenario_desktop.api.models.usage import (
    ACTIVITY_PAGE,
    Activity,
    ActivityData,
    ActivityPage,
    AssetEntity,
    AssetSeries,
    Consumption,
    CountPoint,
    Entities,
    ModelEntity,
    ModelPoint,
    ModelSeries,
    NsfwSeries,
    UsagePoint,
    UsageReport,
    UsageSeries,
    UsageSpan,
    UserEntity,
)
from scenario_desktop.api.usages import UsageQuestion
from scenario_desktop.errors import AppError
from scenario_desktop.items import Item
from scenario_desktop.services.usage.keeping import ReportCache
from scenario_desktop.services.usage.usage import Usage
from scenario_desktop.store.ledger import Ledger, LedgerState
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.usage.controller import UsageController
from scenario_desktop.ui.panels.usage.ports import UsagePorts
from scenario_desktop.ui.panels.usage.view import UsageView
from tests.fakes import FakeClock, inline_ledger
from tests.support import until

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 11, 20, 13, 2, tzinfo=UTC)
#: action, model, user, what a job costs in cents
WORK = (
    ("inference", "m1", "u1", 1600), ("detection", None, "u2", 100),
    ("sartiq-refine", "m2", "u3", 600),
    ("inference", "m3", "u2", 400), ("inpaint", "m4", "u1", 350), ("upscale", "m5", "u3", 1200),
)  # fmt: skip
MODELS = ("Storybook Landscapes 2", "Detail Keeper", "Isometric Props", "Inpaint and Outpaint",
          "Motion Upscaler")  # fmt: skip
USERS = ("Art lead", "Designer 2", "Designer 3")
ENTITIES = Entities(
    models=tuple(ModelEntity(id=f"m{n}", name=name) for n, name in enumerate(MODELS, 1)),
    users=tuple(UserEntity(id=f"u{n}", full_name=name) for n, name in enumerate(USERS, 1)),
    assets=tuple(AssetEntity(id=f"a{n}", metadata={"name": f"Canyon drip {n:02}"})
                 for n in range(40)),
)  # fmt: skip


def calls(start: datetime, end: datetime) -> list[tuple[datetime, str, str | None, str, Decimal]]:
    """Return the jobs between two moments: the same ones for the same moments."""
    found = []
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < min(end, NOW):
        number = int(hour.timestamp()) // 3600
        if 7 <= hour.hour <= 18 and hour.weekday() < 6:
            for part in range(number * 7 % 4):
                action, model, user, cents = WORK[(number * 5 + part * 3) % len(WORK)]
                found.append((hour + timedelta(minutes=7 * part), action, model, user,
                              Decimal(cents) / 100))  # fmt: skip
        hour += timedelta(hours=1)
    return found


def report_of(start: datetime, end: datetime, only: str = "") -> UsageReport:
    """Return the report on these jobs, in hours, without zeros."""
    actions: dict[str, dict[datetime, list[Decimal]]] = {}
    models: dict[str, dict[datetime, list[Decimal]]] = {}
    spent: dict[str, Decimal] = {}
    whole: dict[datetime, Decimal] = {}
    for at, action, model, user, cost in calls(start, end):
        if only and user != only:
            continue
        hour = at.replace(minute=0)
        actions.setdefault(action, {}).setdefault(hour, []).append(cost)
        if model is not None:
            models.setdefault(model, {}).setdefault(hour, []).append(cost)
        spent[user] = spent.get(user, Decimal(0)) + cost
        whole[hour] = whole.get(hour, Decimal(0)) + cost
    zero = Decimal(0)
    series = [
        UsageSeries(usage_name=name, granularity="1h", points=tuple(
            UsagePoint(time=at, value=Decimal(len(costs)), api_key=zero, cost=sum(costs, zero))
            for at, costs in points.items()))
        for name, points in actions.items()
    ]  # fmt: skip
    total = UsageSeries(usage_name="creative-unit-cost", granularity="1h", points=tuple(
        UsagePoint(time=at, value=cost, api_key=zero) for at, cost in whole.items()))  # fmt: skip
    made = [(at, sum(len(points.get(at, ())) for points in actions.values())) for at in whole]
    return UsageReport(
        usages=(*series, total) if whole else (),
        model_usages=tuple(
            ModelSeries(model_id=name, points=tuple(
                ModelPoint(time=at, jobs=Decimal(len(costs)), cost=sum(costs, zero),
                           discount=zero, api_key_cost=zero, api_key_discount=zero)
                for at, costs in points.items()))
            for name, points in models.items()
        ),
        asset_usages=(AssetSeries(kind="image", points=tuple(
            CountPoint(time=at, count=Decimal(count), count_api_key=zero)
            for at, count in made)),) if made else (),
        nsfw_usages=(NsfwSeries(label="blood", points=tuple(
            CountPoint(time=at, count=Decimal(1), count_api_key=zero)
            for at, _ in made[:3])),) if made else (),
        consumption=tuple(
            Consumption(user_id=user, value=value, discount=value / 10, total=value * 11 / 10)
            for user, value in spent.items()
        ),
        entities=ENTITIES,
        spans=(UsageSpan(start=start, end=end, granularity="1h", has_dropped_zeros=True),),
    )  # fmt: skip


class Studio:
    """A client that answers about the studio, or fails as it is told."""

    server_time_offset_s: float | None = None

    def __init__(self) -> None:
        self.error: AppError | None = None
        self.activity_error: AppError | None = None
        self.problems: tuple[str, ...] = ()
        self.is_empty = False
        self.asked = 0
        self.gate: AsyncGate | None = None

    async def usages(self, question: UsageQuestion) -> UsageReport:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        start, end = question.start, question.end
        assert start is not None
        assert end is not None
        if self.is_empty:
            start = end = NOW + timedelta(days=400)
        only = question.user_ids[0] if question.user_ids else ""
        return report_of(start, end, only).model_copy(update={"problems": self.problems})

    async def usage_activity(self, question: UsageQuestion, offset: int = 0) -> ActivityPage:
        if self.activity_error is not None:
            raise self.activity_error
        start, end = question.start, question.end
        assert start is not None
        assert end is not None
        if self.is_empty:
            return ActivityPage(offset=offset)
        found = calls(start, end)[::-1]
        part = [
            Activity(
                action=action, time=at, user_id=user, creative_units_cost=cost,
                data=ActivityData(asset_id=f"a{n % 40}", model_id=model, job_id=f"j{n}"),
            )
            for n, (at, action, model, user, cost) in enumerate(found[offset:], offset)
            if n < offset + ACTIVITY_PAGE
        ]  # fmt: skip
        return ActivityPage(offset=offset, count=len(part), actions=tuple(part), entities=ENTITIES)


class AsyncGate:
    """Holds answers back until it is opened."""

    def __init__(self) -> None:
        import asyncio

        self._event = asyncio.Event()

    async def wait(self) -> None:
        await self._event.wait()

    def open(self) -> None:
        self._event.set()


class NoItems:
    async def item(self, asset_id: str) -> Item | None:
        return None


class NoThumbnails:
    ready = Signal(int, bytes)
    failed = Signal(int)

    def want(self, items: object) -> None: ...


@dataclass
class Told:
    """What the page told the user."""

    toasts: list[str] = field(default_factory=list)
    errors: list[object] = field(default_factory=list)

    def toast(self, text: str, undo: object = None) -> None:
        self.toasts.append(text)

    def report(self, error: object) -> None:
        self.errors.append(error)


@dataclass
class Desk:
    """The page with all that is around it."""

    view: UsageView
    controller: UsageController
    client: Studio
    clock: FakeClock
    ledger: Ledger
    told: Told
    folder: Path
    store: PictureStore
    budget: Decimal | None = Decimal(2000)

    async def open(self) -> None:
        """Open the page and wait until it shows what it has."""
        self.controller.open()
        await self.settle()

    async def settle(self) -> None:
        for action in (self.controller.load, self.controller.compare, self.controller.draw):
            await action.settle()
        book = self.view.lists.activity_model.book
        if book is not None:
            await book.settled()

    async def job(
        self, state: LedgerState, quoted: int, charged: int | None, kind: str = "detect",
        job_id: str = "j1",
    ) -> str:  # fmt: skip
        row = await self.ledger.prepare(
            workspace_id="ws", kind=kind, request={}, input_ids=["a1"], quoted=Decimal(quoted)
        )
        await self.ledger.claim(row.id)
        await self.ledger.update(
            row.id, state=state, job_id=job_id,
            charged=None if charged is None else Decimal(charged),
        )  # fmt: skip
        return row.id


@asynccontextmanager
async def desk(
    folder: Path, *, zone: tzinfo = MADRID, size: tuple[int, int] = (1208, 820),
    has_account: bool = True, client: Studio | None = None, memory: dict[str, Any] | None = None,
) -> AsyncIterator[Desk]:  # fmt: skip
    """Make a page over a studio; it is not opened yet.

    Args:
        memory: what is remembered from one desk to the next.
    """
    remembered = memory if memory is not None else {}
    clock = FakeClock(NOW)
    ledger = await inline_ledger(folder / "ledger.sqlite", clock)
    client = client or Studio()
    usage = Usage(
        client, ledger, ReportCache(folder / "usage"), workspace_id="ws", zone=zone,
        titles={"detect": "Detect"}, clock=clock,
    )  # fmt: skip
    view, told, store = UsageView(zone), Told(), PictureStore(NoThumbnails())
    made: list[Desk] = []

    async def choose(name: str, _filters: str) -> Path:
        return folder / name

    controller = UsageController(view, UsagePorts(
        usage=usage, items=NoItems(), store=store, messages=told,
        budget=lambda: made[0].budget if made else Decimal(2000), choose_path=choose,
        has_account=has_account, remembered=lambda: remembered, remember=remembered.update,
    ))  # fmt: skip
    made.append(Desk(view, controller, client, clock, ledger, told, folder, store))
    view.resize(*size)
    view.show()
    try:
        yield made[0]
    finally:
        book = view.lists.activity_model.book
        controller.close()
        await made[0].settle()
        if book is not None:
            await book.aclose()
        await controller.export.settle()
        await usage.aclose()
        view.close()
        view.deleteLater()
        store.close()
        await ledger.aclose()


async def painted(view: UsageView) -> None:
    """Wait until the chart is on the screen."""
    await until(lambda: view.chart.chart is not None and view.chart.chart.isVisible())
