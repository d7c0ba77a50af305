"""The jobs of both halves of a workspace as one list, for the window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from psygnal import Signal

from scenario_desktop.errors import NotFound
from scenario_desktop.services.job_polling import PollState, PollStatus
from scenario_desktop.services.job_views import JobsSummary, JobView
from scenario_desktop.services.jobs import Jobs

#: What is told for all when the halves differ: trouble first.
_LOUDEST = (PollState.RETRYING, PollState.FOLLOWING, PollState.IDLE)


class AllJobs:
    """Several lists of jobs behind the face of one; every row belongs to one of them.

    Signals: as those of ``Jobs``.
    """

    changed = Signal(object)
    batch_ended = Signal(object)
    poll_changed = Signal(object)

    def __init__(self, parts: Sequence[Jobs]) -> None:
        """
        Args:
            parts: owned and closed by whoever made them.
        """
        self._parts = tuple(parts)
        for part in self._parts:
            part.changed.connect(self.changed.emit)
            part.batch_ended.connect(self.batch_ended.emit)
            part.poll_changed.connect(self._on_poll_changed)

    @property
    def rows(self) -> list[JobView]:
        """Return the rows that are not cleared, newest first."""
        every = [view for part in self._parts for view in part.rows]
        return sorted(every, key=lambda view: view.created_at, reverse=True)

    @property
    def summary(self) -> JobsSummary:
        found = [part.summary for part in self._parts]
        active = sum(summary.active for summary in found)
        return JobsSummary(
            running=sum(s.running for s in found),
            queued=sum(s.queued for s in found),
            progress=sum(s.progress * s.active for s in found) / active if active else 0.0,
            needs_you=sum(s.needs_you for s in found),
            today_count=sum(s.today_count for s in found),
            # Each part counts the whole workspace's spending.
            today_cost=max((s.today_cost for s in found), default=Decimal(0)),
        )

    @property
    def poll_status(self) -> PollStatus:
        states = [part.poll_status for part in self._parts]
        return min(states, key=lambda s: _LOUDEST.index(s.state), default=PollStatus())

    def view(self, row_id: str) -> JobView | None:
        """Return one row, cleared or not."""
        return next((v for part in self._parts if (v := part.view(row_id)) is not None), None)

    def draft_of(self, row_id: str) -> dict[str, Any]:
        """Return what a row's request was made from, for a form to start from."""
        return self._part(row_id).draft_of(row_id)

    async def cancel(self, row_id: str) -> None:
        """See ``Jobs.cancel``; likewise the ones below."""
        await self._part(row_id).cancel(row_id)

    async def stop_watching(self, row_id: str) -> None:
        await self._part(row_id).stop_watching(row_id)

    async def look_again(self, row_id: str) -> None:
        await self._part(row_id).look_again(row_id)

    async def price_again(self, row_id: str) -> Decimal | None:
        return await self._part(row_id).price_again(row_id)

    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str:
        return await self._part(row_id).send_again(row_id, is_confirmed=is_confirmed)

    async def clear_done(self) -> list[str]:
        return [row_id for part in self._parts for row_id in await part.clear_done()]

    async def clear(self, row_ids: Iterable[str]) -> None:
        for part, ids in self._sorted(row_ids):
            await part.clear(ids)

    async def restore_cleared(self, row_ids: Iterable[str]) -> None:
        for part, ids in self._sorted(row_ids):
            await part.restore_cleared(ids)

    async def settled(self) -> None:
        """Wait until nothing is left to send."""
        for part in self._parts:
            await part.settled()

    def _part(self, row_id: str) -> Jobs:
        for part in self._parts:
            if part.view(row_id) is not None:
                return part
        raise NotFound("This job is not in the record.")

    def _sorted(self, row_ids: Iterable[str]) -> list[tuple[Jobs, list[str]]]:
        ids = list(row_ids)
        mine = [(part, [i for i in ids if part.view(i) is not None]) for part in self._parts]
        return [(part, found) for part, found in mine if found]

    def _on_poll_changed(self, _status: PollStatus) -> None:
        self.poll_changed.emit(self.poll_status)
