"""When the service's jobs are looked at, and how: as few requests as there can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from scenario_desktop.api.models.jobs import Job, JobPage
from scenario_desktop.errors import AppError, NotFound, TooMany
from scenario_desktop.services.words import duration

PAGE_SIZE = 100
#: Seconds between looks by the age of the youngest job at work, also in seconds.
PACE_S = ((60.0, 2.5), (300.0, 5.0), (float("inf"), 10.0))
#: A job that was just taken is looked at after this, in seconds.
FIRST_LOOK_S = 1.0
BACK_OFF_S = (5.0, 10.0, 20.0, 40.0, 60.0)
#: Clocks differ: jobs are asked for from this much before their request, in seconds.
MARGIN_S = 15.0
#: Single reads in one look, for jobs that the pages do not show.
_SINGLE_READS = 20
_MAX_PAGES = 5


class JobsClient(Protocol):
    """The part of the API client that is used here."""

    @property
    def server_time_offset_s(self) -> float | None: ...

    async def list_jobs(
        self,
        *,
        page_size: int = ...,
        token: str | None = ...,
        created_after: datetime | None = ...,
    ) -> JobPage: ...
    async def get_job(self, job_id: str) -> Job: ...
    async def cancel_job(self, job_id: str) -> Job: ...


class PollState(StrEnum):
    """What the poller is doing."""

    IDLE = "idle"
    FOLLOWING = "following"
    RETRYING = "retrying"


@dataclass(frozen=True, slots=True)
class PollStatus:
    """The poller's state; for RETRYING with the reason and the time of the next look."""

    state: PollState = PollState.IDLE
    error: AppError | None = None
    next_at: datetime | None = None

    def text(self, now: datetime) -> str:
        """Return it in words; empty where there is nothing to say."""
        if self.state is not PollState.RETRYING or self.next_at is None:
            return ""
        wait = duration(max(1.0, (self.next_at - now).total_seconds()))
        return f"Looking again in {wait}"


class Pace:
    """Decides when to look next. All times are monotonic seconds.

    Attributes:
        error: why the last look failed; None when it did not.
    """

    def __init__(self, jitter: Callable[[], float]) -> None:
        self._jitter = jitter
        self._last = float("-inf")
        self._failures = 0
        self._back_off_s = 0.0
        self.error: AppError | None = None

    def looked(self, now: float) -> None:
        """Note that a look begins."""
        self._last = now

    def succeeded(self) -> None:
        self._failures, self.error = 0, None

    def failed(self, error: AppError) -> None:
        """Note a failed look; the waits grow, spread by a fifth up and down."""
        step = BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
        self._failures += 1
        self._back_off_s = step * (0.8 + 0.4 * self._jitter())
        if isinstance(error, TooMany) and error.retry_after_s is not None:
            self._back_off_s = max(self._back_off_s, error.retry_after_s)
        self.error = error

    def due(self, taken_at: Iterable[float], lookups: Iterable[float], now: float) -> float | None:
        """Return when to look next; None while there is nothing to see.

        Args:
            taken_at: when each followed job was taken by the service.
            lookups: when each uncertain request is to be looked for.
        """
        taken, wanted = list(taken_at), list(lookups)
        if not taken and not wanted:
            return None
        if self.error is not None:
            return self._last + self._back_off_s
        if taken:
            youngest_s = now - max(taken)
            pace = next(pace for age, pace in PACE_S if youngest_s <= age)
            wanted.append(max(self._last + pace, min(taken) + FIRST_LOOK_S))
        return min(wanted)


@dataclass(slots=True)
class Reading:
    """What one look has brought.

    Attributes:
        unknown: ids that the service says it does not know.
        trouble: why some jobs were not read; what was read is good all the same.
    """

    jobs: dict[str, Job] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    trouble: AppError | None = None


class Reader(Protocol):
    """What reads the jobs that are followed."""

    async def read(self, wanted: Mapping[str, datetime], sought: Iterable[datetime]) -> Reading:
        """Look once; see ``JobReader.read``."""


class JobReader:
    """Reads jobs: a single one by its id, more by the page, and singly what no page shows."""

    def __init__(self, client: JobsClient) -> None:
        self._client = client

    async def read(self, wanted: Mapping[str, datetime], sought: Iterable[datetime]) -> Reading:
        """Look once.

        Args:
            wanted: ids of jobs, with when they were sent by the service's clock.
            sought: when requests were sent of which no id is known, by the same clock.

        Raises:
            AppError: nothing could be read.
        """
        reading = Reading()
        sought_from = list(sought)
        if len(wanted) > 1 or sought_from:
            await self._read_pages(reading, wanted, sought_from)
        missing = [job_id for job_id in wanted if job_id not in reading.jobs]
        await self._read_single(reading, missing[:_SINGLE_READS])
        return reading

    async def _read_pages(
        self, reading: Reading, wanted: Mapping[str, datetime], sought: list[datetime]
    ) -> None:
        oldest = min([*wanted.values(), *sought]) - timedelta(seconds=MARGIN_S)
        token: str | None = None
        seen: set[str] = set()
        for _ in range(_MAX_PAGES):
            page = await self._client.list_jobs(
                page_size=PAGE_SIZE, token=token, created_after=oldest
            )
            reading.jobs.update((job.job_id, job) for job in page.jobs)
            token = page.next_pagination_token
            is_all = not sought and reading.jobs.keys() >= wanted.keys()
            if not token or token in seen or is_all:
                return
            seen.add(token)

    async def _read_single(self, reading: Reading, job_ids: Iterable[str]) -> None:
        for job_id in job_ids:
            try:
                reading.jobs[job_id] = await self._client.get_job(job_id)
            except NotFound:
                reading.unknown.append(job_id)
            except AppError as error:
                reading.trouble = error
                return
