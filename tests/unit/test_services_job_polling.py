"""Looks are planned sparingly, and a broken list of jobs does not run in circles."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scenario_desktop.api.models.jobs import JobPage
from scenario_desktop.errors import Offline, RateLimited, ServerFailed
from scenario_desktop.services.job_polling import JobReader, Pace
from tests.fakes import FakeClock, FakeJobsClient

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class EndlessClient(FakeJobsClient):
    """Names a next page for ever.

    Attributes:
        is_repeating: the same token each time, else always a new one.
    """

    is_repeating = True

    async def list_jobs(self, **fields: object) -> JobPage:
        self.calls.append(("list_jobs", fields.get("token")))
        token = "again" if self.is_repeating else str(len(self.calls))
        return JobPage(jobs=(), next_pagination_token=token)


@pytest.mark.parametrize(("is_repeating", "pages"), [(True, 2), (False, 5)])
async def test_endless_pages_end(is_repeating: bool, pages: int) -> None:
    client = EndlessClient(FakeClock())
    client.is_repeating = is_repeating
    reading = await JobReader(client).read({"j1": NOW, "j2": NOW}, [])
    assert client.count("list_jobs") == pages
    assert reading.unknown == ["j1", "j2"]


async def test_what_was_read_is_good_though_the_rest_failed() -> None:
    client = FakeJobsClient(FakeClock())
    client.errors = [Offline("x")]
    reading = await JobReader(client).read({"j1": NOW}, [])
    assert isinstance(reading.trouble, Offline)
    assert reading.jobs == {}


def test_nothing_to_see_is_never_due() -> None:
    assert Pace(lambda: 0.5).due([], [], 100) is None


@pytest.mark.parametrize(
    ("taken_ago_s", "pace_s"), [(10, 2.5), (100, 5), (1000, 10), (float("inf"), 10)]
)
def test_the_pace_follows_the_youngest_job(taken_ago_s: float, pace_s: float) -> None:
    pace = Pace(lambda: 0.5)
    pace.looked(5000)
    assert pace.due([5000 - taken_ago_s, 0], [], 5000) == 5000 + pace_s


def test_a_new_job_is_looked_at_soon_but_not_at_once() -> None:
    pace = Pace(lambda: 0.5)
    assert pace.due([100], [], 100) == 101


def test_waits_grow_to_a_minute_and_keep_a_wanted_rest() -> None:
    pace = Pace(lambda: 0.5)
    waits = []
    for _ in range(7):
        pace.looked(0)
        pace.failed(ServerFailed("x"))
        waits.append(pace.due([0], [], 0))
    assert waits == [5, 10, 20, 40, 60, 60, 60]
    pace.failed(RateLimited("x", retry_after_s=300))
    assert pace.due([0], [], 0) == 300
    pace.succeeded()
    assert pace.due([0], [], 0) == 2.5


def test_waits_are_spread() -> None:
    pace = Pace(lambda: 1.0)
    pace.looked(0)
    pace.failed(Offline("x"))
    assert pace.due([0], [], 0) == pytest.approx(6)
