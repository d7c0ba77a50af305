"""Stand-ins for what a service needs of its collaborators, scripted by attributes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from scenario_desktop.api.models.accounts import Project, ProjectPage, Team
from scenario_desktop.api.models.assets import Asset, AssetPage
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.jobs import (
    Job,
    JobBilling,
    JobMetadata,
    JobPage,
    RunAnswer,
    StatusChange,
)
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState


@dataclass
class FakeKeyring:
    """A keyring in memory.

    Attributes:
        error: raised by every call.
        is_forgetful: accepts everything and keeps nothing.
        gate: a call waits for it, as behind an unlock prompt.
    """

    error: Exception | None = None
    is_forgetful: bool = False
    gate: threading.Event | None = None
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: int = 0
    threads: set[int] = field(default_factory=set)

    def _enter(self) -> None:
        self.calls += 1
        self.threads.add(threading.get_ident())
        if self.gate is not None:
            self.gate.wait(5)
        if self.error is not None:
            raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        self._enter()
        if not self.is_forgetful:
            self.kept[(service, username)] = password

    def get_password(self, service: str, username: str) -> str | None:
        self._enter()
        return self.kept.get((service, username))

    def delete_password(self, service: str, username: str) -> None:
        self._enter()
        del self.kept[(service, username)]


@dataclass
class FakeLimits:
    """The spending part of the settings."""

    mode: str = "allow"
    ask_above: Decimal = Decimal(10)


@dataclass
class FakeNotices:
    """Keeps what the user was told.

    Attributes:
        undo: what the last toast offered to take back.
    """

    toasts: list[str] = field(default_factory=list)
    errors: list[object] = field(default_factory=list)
    undo: Callable[[], object] | None = None

    def toast(self, text: str, undo: Callable[[], object] | None = None) -> None:
        self.toasts.append(text)
        self.undo = undo

    def report(self, error: object) -> None:
        self.errors.append(error)


class FakeSettings:
    """Settings that hold a spending limit only."""

    def __init__(self, mode: str = "allow", ask_above: Decimal = Decimal(10)) -> None:
        self.spending = FakeLimits(mode, ask_above)

    @property
    def settings(self) -> FakeSettings:
        return self


class FakeClock(Clock):
    """A clock that stands still until ``advance`` moves it."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)) -> None:
        self._now = start
        self._passed_s = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._passed_s

    async def sleep(self, delay_s: float) -> None:
        wake = asyncio.Event()
        entry = (self._passed_s + delay_s, wake)
        self._sleepers.append(entry)
        try:
            await wake.wait()
        finally:
            self._sleepers.remove(entry)

    async def advance(self, seconds: float) -> None:
        """Move on, waking each sleeper at its own time and letting it act."""
        end = self._passed_s + seconds
        while True:
            await settle()
            due = [at for at, _ in self._sleepers if at <= end]
            at = min(due, default=end)
            self._now += timedelta(seconds=at - self._passed_s)
            self._passed_s = at
            for time, wake in list(self._sleepers):
                if time <= at:
                    wake.set()
            await settle()
            if not due:
                return


async def settle(turns: int = 60) -> None:
    """Let everything go on that waits for nothing but its turn; see ``inline_ledger``."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def inline_ledger(path: Path, clock: FakeClock) -> Ledger:
    """Open a ledger that works in the loop's thread, so that ``settle`` waits for it too."""
    ledger = Ledger(path, now=clock.now)
    database = ledger._database

    async def call(work: Callable[[], Any]) -> Any:
        return work()

    await ledger.open()
    database._call = call  # type: ignore[method-assign]  # for this one object
    return ledger


class FakeJobsClient:
    """A service that takes detect requests and keeps their jobs.

    Attributes:
        answers: what the next sends do, in order: None accepts, an exception is raised after
            ``arrives`` was asked; later sends are accepted.
        arrives: whether a request that is answered by an exception makes a job all the same.
        errors: raised by the next reads, in order.
        calls: every request as (name, argument).
    """

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.server_time_offset_s: float | None = None
        self.jobs: dict[str, Job] = {}
        self.answers: list[BaseException | None] = []
        self.arrives = False
        self.errors: list[AppError] = []
        self.cancel_error: AppError | None = None
        self.on_cancel: Callable[[str], None] = lambda job_id: self.end(job_id, "canceled")
        self.gate: asyncio.Event | None = None
        self.prices: dict[str, Decimal | None] = {}
        self.price_error: AppError | None = None
        self.page_size = 100
        self.calls: list[tuple[str, Any]] = []
        self.open_prices = self.most_open_prices = 0

    def count(self, name: str) -> int:
        return sum(called == name for called, _ in self.calls)

    @property
    def reads(self) -> int:
        return self.count("list_jobs") + self.count("get_job")

    async def detect(self, request: DetectRequest) -> Job:
        self.calls.append(("detect", request))
        answer = self.answers.pop(0) if self.answers else None
        if self.gate is not None:
            await self.gate.wait()
        if answer is not None and not self.arrives:
            raise answer
        job = self.make(request)
        if answer is not None:
            raise answer
        return job

    def make(self, request: DetectRequest, **changes: Any) -> Job:
        """Start a job on the service's side."""
        job_id = f"job_{len(self.jobs) + 1}"
        fields = {
            "job_id": job_id, "job_type": "detection", "status": "queued",
            "created_at": self.clock.now(),
            "metadata": JobMetadata(input=request.to_wire()),
            "status_history": (StatusChange(status="queued", date=self.clock.now()),),
        }  # fmt: skip
        self.jobs[job_id] = Job(**{**fields, **changes})
        return self.jobs[job_id]

    def move(self, job_id: str, status: str, **changes: Any) -> None:
        """Say something new about a job."""
        job = self.jobs[job_id]
        history = (*job.status_history, StatusChange(status=status, date=self.clock.now()))
        fields = {"status": status, "status_history": history, **changes}
        self.jobs[job_id] = job.model_copy(update=fields)

    def end(self, job_id: str, status: str = "success", **metadata: Any) -> None:
        """End a job; a success gets one asset unless told otherwise."""
        if status == "success":
            metadata.setdefault("asset_ids", (f"asset_{job_id}",))
        meta = self.jobs[job_id].metadata.model_copy(update=metadata)
        self.move(job_id, status, metadata=meta, progress=1.0, billing=JobBilling(cu_cost=1))

    async def quote_detect(self, request: DetectRequest) -> RunAnswer:
        self.calls.append(("quote", request))
        self.open_prices += 1
        self.most_open_prices = max(self.most_open_prices, self.open_prices)
        await asyncio.sleep(0)
        self.open_prices -= 1
        if self.price_error is not None:
            raise self.price_error
        price = self.prices.get(request.modality, Decimal(1))
        return RunAnswer.model_construct(creative_units_cost=price)  # unchecked: any amount

    async def list_jobs(
        self,
        *,
        page_size: int = 100,
        token: str | None = None,
        created_after: datetime | None = None,
    ) -> JobPage:
        self.calls.append(("list_jobs", token))
        self._fail()
        dated = [(job.created_at or self.clock.now(), job) for job in self.jobs.values()]
        dated.sort(key=lambda pair: pair[0], reverse=True)
        jobs = [job for at, job in dated if created_after is None or at >= created_after]
        start = int(token or 0)
        end = start + min(page_size, self.page_size)
        following = str(end) if end < len(jobs) else None
        return JobPage(jobs=tuple(jobs[start:end]), next_pagination_token=following)

    async def get_job(self, job_id: str) -> Job:
        self.calls.append(("get_job", job_id))
        self._fail()
        if job_id not in self.jobs:
            raise NotFound("This is not there (any more).")
        return self.jobs[job_id]

    async def cancel_job(self, job_id: str) -> Job:
        self.calls.append(("cancel_job", job_id))
        if self.cancel_error is not None:
            raise self.cancel_error
        self.on_cancel(job_id)
        return self.jobs[job_id]

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


class FakeSubmitter:
    """Takes requests as the jobs service does and keeps them.

    Attributes:
        error: raised instead.
        guard: holds prices against a limit, as the real door does.
    """

    def __init__(self, guard: SpendingGuard | None = None) -> None:
        self.error: AppError | None = None
        self.guard = guard or SpendingGuard(FakeSettings())
        self.calls: list[dict[str, Any]] = []

    async def submit(
        self, kind: str, requests: Sequence[dict[str, Any]], **fields: Any
    ) -> list[LedgerRow]:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        self.guard.check(fields["quoted"], is_confirmed=fields["is_confirmed"])
        self.calls.append({"kind": kind, "requests": requests, **fields})
        now = datetime.now(UTC)
        return [
            LedgerRow(f"row{i}", "ws", kind, request, (), LedgerState.PREPARED, now, now)
            for i, request in enumerate(requests, 1)
        ]


@dataclass
class FakeAccount:
    """A service's accounts; ``client`` makes clients of it.

    Attributes:
        errors: by method name.
        token: given back with every page of projects.
        made: what each client was made of; ``open`` counts those not closed.
    """

    projects: list[Project] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    assets: list[Asset] = field(default_factory=list)
    errors: dict[str, AppError] = field(default_factory=dict)
    token: str | None = None
    made: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    open: int = 0

    def client(self, base_url: str, key: str, secret: str, project_id: str | None) -> FakeAccount:
        self.made.append((base_url, key, secret, project_id))
        self.open += 1
        return self

    async def list_projects(
        self, *, team_id: str | None = None, page_size: int = 100, token: str | None = None
    ) -> ProjectPage:
        self._enter("list_projects")
        return ProjectPage(projects=tuple(self.projects), next_pagination_token=self.token)

    async def list_teams(self) -> list[Team]:
        self._enter("list_teams")
        return self.teams

    async def list_assets(self, *, page_size: int = 100) -> AssetPage:
        self._enter("list_assets")
        return AssetPage(assets=tuple(self.assets))

    async def aclose(self) -> None:
        self.open -= 1

    def _enter(self, name: str) -> None:
        self.calls.append(name)
        if name in self.errors:
            raise self.errors[name]
