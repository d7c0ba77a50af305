"""The rows of one workspace's jobs: what the ledger and the service say of each, and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from scenario_desktop.api.models.jobs import CANCELLABLE_TYPES, Job
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.job_kinds import JobKind
from scenario_desktop.services.job_views import (
    BatchEnd,
    Facts,
    JobsChange,
    JobsSummary,
    JobView,
    batch_end,
    make_view,
    summarise,
)
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState


class JobBoard:
    """All rows by their id, cleared ones too; who writes into the ledger refreshes them here.

    Attributes:
        rows: as the ledger has them.
        facts: what is known besides, and forgotten when the program ends.
        views: what is shown of them.
        live_batches: those whose end is still to be told.
    """

    def __init__(
        self,
        ledger: Ledger,
        workspace_id: str,
        kinds: Mapping[str, JobKind],
        clock: Clock,
        *,
        on_changed: Callable[[JobsChange], object],
        on_batch_ended: Callable[[BatchEnd], object],
    ) -> None:
        self._ledger = ledger
        self._workspace_id = workspace_id
        self._kinds = kinds
        self._clock = clock
        self._on_changed, self._on_batch_ended = on_changed, on_batch_ended
        self._today_count = 0
        self._today_cost = Decimal(0)
        self.rows: dict[str, LedgerRow] = {}
        self.facts: dict[str, Facts] = {}
        self.views: dict[str, JobView] = {}
        self.live_batches: set[str | None] = set()

    @property
    def shown(self) -> list[JobView]:
        """The rows that are not cleared."""
        return [self.views[row.id] for row in self.rows.values() if not row.is_cleared]

    @property
    def summary(self) -> JobsSummary:
        return summarise(self.shown, self._today_cost, self._today_count)

    @property
    def followed(self) -> list[LedgerRow]:
        """The rows whose jobs the service is asked about."""
        return [
            row for row in self.rows.values()
            if row.state is LedgerState.ACCEPTED and row.is_watched and row.job_id is not None
        ]  # fmt: skip

    async def begin(self, rows: Iterable[tuple[LedgerRow, Facts]]) -> None:
        """Take over all rows that the ledger has; nothing is told."""
        for row, facts in rows:
            self.rows[row.id], self.facts[row.id] = row, facts
        self.views = {row.id: self.make_view(row) for row in self.rows.values()}
        self.live_batches = {v.batch_id for v in self.views.values() if self.is_open(v)}
        await self.count_today()

    def add(self, rows: Sequence[LedgerRow], *, is_waiting: bool) -> None:
        """Show new rows; those that do not wait to be sent show as not sent."""
        for row in rows:
            self.rows[row.id] = row
            self.facts[row.id] = Facts(is_waiting=is_waiting)
            self.views[row.id] = self.make_view(row)
        self._on_changed(JobsChange(added=frozenset(row.id for row in rows)))

    def make_view(self, row: LedgerRow) -> JobView:
        words = self._kinds.get(row.kind) or _UnknownKind(row.kind)
        return make_view(row, self.facts[row.id], words, self._clock.now())

    async def refresh(self, row_ids: Sequence[str], *, reload: bool = False) -> None:
        """Make the views of these rows anew and tell of those that now say something else."""
        if reload:
            for row_id in row_ids:
                self.rows[row_id] = await self._ledger.get(row_id)
        self.show(row_ids)

    def show(self, row_ids: Iterable[str]) -> None:
        told: set[str] = set()
        for row_id in row_ids:
            view = self.make_view(self.rows[row_id])
            if view != self.views.get(row_id):
                self.views[row_id] = view
                told.add(row_id)
        if told:
            self._on_changed(JobsChange(changed=frozenset(told)))
            self._tell_ended_batches({self.views[row_id].batch_id for row_id in told})

    def _tell_ended_batches(self, batch_ids: Iterable[str | None]) -> None:
        for batch_id in self.live_batches.intersection(batch_ids):
            views = [view for view in self.views.values() if view.batch_id == batch_id]
            if not any(self.is_open(view) for view in views):
                self.live_batches.discard(batch_id)
                self._on_batch_ended(batch_end(batch_id, views))

    def is_open(self, view: JobView) -> bool:
        return view.is_active or self.facts[view.id].is_looked_for

    async def count_today(self) -> None:
        midnight = self._clock.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        sent = [row.submitted_at for row in self.rows.values() if row.submitted_at]
        self._today_count = sum(at >= midnight for at in sent)
        self._today_cost = await self._ledger.spent_since(midnight, self._workspace_id)


class _UnknownKind:
    """Words for a row that another version of this program has written."""

    def __init__(self, kind: str) -> None:
        self.title = kind

    def name(self, request: dict[str, Any]) -> str:
        return self.title

    def parameters(self, request: dict[str, Any]) -> str:
        return ""

    def done(self, count: int) -> str:
        return f"{count} results"

    def can_cancel(self, job: Job | None) -> bool:
        return job is not None and job.job_type in CANCELLABLE_TYPES
