"""Questions about usage: how they are cut, what is asked again, and how the activity is paged."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.usage import Activity
from scenario_desktop.api.transport import Clock
from scenario_desktop.api.usages import UsageQuestion
from scenario_desktop.errors import (
    BadAnswer,
    BadInput,
    Forbidden,
    RateLimited,
    Refused,
    ServerFailed,
)

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Service:
    """Answers with one point per day, and as the test says otherwise."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.refuse: Callable[[dict[str, str]], httpx.Response | None] = lambda _: None
        self.actions = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/usages"
        query = dict(request.url.params)
        self.asked.append(query)
        refused = self.refuse(query)
        if refused is not None:
            return refused
        if query.get("type") == "activity":
            return httpx.Response(200, json={"activity": self._page(query)})
        start = datetime.fromisoformat(query.get("startDate", "2026-06-01T00:00:00Z"))
        end = datetime.fromisoformat(query.get("endDate", "2026-06-02T00:00:00Z"))
        points = [
            {"time": (start + number * DAY).isoformat(), "value": "1", "apiKey": "0"}
            for number in range((end - start) // DAY)
        ]
        series = {"usageName": "detection", "granularity": "1d", "points": points}
        return httpx.Response(200, content=json.dumps({"usages": [series]}))

    def _page(self, query: dict[str, str]) -> list[dict[str, Any]]:
        first = int(query["activityOffset"])
        return [
            {"action": f"a{number}", "time": query["startDate"], "userId": "u"}
            for number in range(first, min(first + 100, self.actions))
        ]

    @property
    def ranges(self) -> list[tuple[int, int]]:
        def day(text: str) -> int:
            return (datetime.fromisoformat(text) - START) // DAY

        return [(day(query["startDate"]), day(query["endDate"])) for query in self.asked]


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[ScenarioClient]:
    async def sleep(_: float) -> None:
        pass

    client = ScenarioClient(
        "https://api.example/v1", "key", "secret-of-tests", project_id="proj",
        transport=httpx.MockTransport(service),
        clock=Clock(wall=lambda: (START + 30 * DAY).timestamp(), sleep=sleep),
    )  # fmt: skip
    yield client
    await client.aclose()


def asking(days: int, **more: Any) -> UsageQuestion:
    return UsageQuestion(start=START, end=START + days * DAY, **more)


def count(report: Any) -> Decimal:
    return sum((point.value for series in report.usages for point in series.points), Decimal(0))


TOO_LARGE = httpx.Response(413, json={"reason": "larger than 6 MB"})


async def test_a_question_says_all_that_it_asks(service: Service, client: ScenarioClient) -> None:
    await client.usages(
        asking(3, types=("usages", "activity"), drops_zero_points=True, team_id="t",
               project_ids=("p", "q"), user_ids=("u", "v"))
    )  # fmt: skip
    assert service.asked == [{
        "startDate": "2026-06-01T00:00:00.000Z", "endDate": "2026-06-04T00:00:00.000Z",
        "type": "usages", "dropZeroPoints": "true", "teamId": "t", "projectIds": "p,q",
        "userIds": "u,v",
    }]  # fmt: skip


async def test_the_length_of_points_is_asked_for_with_any_block(
    service: Service, client: ScenarioClient
) -> None:
    report = await client.usages(asking(3, types=("model-usages",)))
    assert service.asked[0]["type"] == "usages,model-usages"
    assert report.spans[0].granularity == "1d"


async def test_a_named_range_is_asked_by_its_name(service: Service, client: ScenarioClient) -> None:
    report = await client.usages(UsageQuestion(time_range="last-seven-days"))
    [query] = service.asked
    assert query["timeRange"] == "last-seven-days"
    assert "activity" not in query["type"].split(",")
    assert report.spans[0].start is None
    assert count(report) == 1


async def test_a_named_range_too_large_is_cut_by_the_clock(
    service: Service, client: ScenarioClient
) -> None:
    service.refuse = lambda query: TOO_LARGE if "timeRange" in query else None
    report = await client.usages(UsageQuestion(time_range="last-seven-days"))
    assert (report.spans[0].start, report.spans[0].end) == (START + 23 * DAY, START + 30 * DAY)


async def test_a_long_range_is_several_calls_and_one_report(
    service: Service, client: ScenarioClient
) -> None:
    report = await client.usages(asking(400))
    assert len(service.asked) == 4
    assert all(last - first <= 120 for first, last in service.ranges)
    assert count(report) == 400
    assert len(report.spans) == 4


async def test_an_answer_too_large_is_asked_for_without_zeros_first(
    service: Service, client: ScenarioClient
) -> None:
    service.refuse = lambda query: None if "dropZeroPoints" in query else TOO_LARGE
    report = await client.usages(asking(240))
    assert count(report) == 240
    assert all(span.has_dropped_zeros for span in report.spans)
    assert ["dropZeroPoints" in query for query in service.asked].count(False) == 1


async def test_an_answer_still_too_large_is_asked_for_in_halves(
    service: Service, client: ScenarioClient
) -> None:
    def refuse(query: dict[str, str]) -> httpx.Response | None:
        [(first, last)] = service.ranges[-1:]
        return TOO_LARGE if last - first > 10 else None

    service.refuse = refuse
    report = await client.usages(asking(100))
    assert count(report) == 100
    assert all(span.has_dropped_zeros for span in report.spans)
    assert len(report.spans) < 25


async def test_a_range_is_not_cut_for_ever(service: Service, client: ScenarioClient) -> None:
    service.refuse = lambda _: TOO_LARGE
    with pytest.raises(Refused):
        await client.usages(asking(100))
    assert len(service.asked) < 20


async def test_a_gateway_that_fails_for_the_size_is_understood(
    service: Service, client: ScenarioClient
) -> None:
    """It says the same as in any other trouble: only a few smaller questions are tried."""
    service.refuse = lambda query: None if "dropZeroPoints" in query else httpx.Response(502)
    assert count(await client.usages(asking(50))) == 50
    service.asked.clear()
    service.refuse = lambda _: httpx.Response(502)
    with pytest.raises(ServerFailed):
        await client.usages(asking(100))
    assert len(service.asked) <= 3 * 4


@pytest.mark.parametrize(
    ("status", "error"), [(403, Forbidden), (429, RateLimited), (400, Refused)]
)
async def test_other_refusals_are_told_at_once(
    service: Service, client: ScenarioClient, status: int, error: type[Exception]
) -> None:
    service.refuse = lambda _: httpx.Response(status, json={"reason": "no"})
    with pytest.raises(error):
        await client.usages(asking(100))
    assert not any("dropZeroPoints" in query for query in service.asked)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": START}, {"end": START}, {"start": START, "end": START},
        {"start": START.replace(tzinfo=None), "end": START}, {"time_range": "last-year"},
        {"longest": timedelta(days=121)}, {"longest": timedelta(minutes=59)},
        {"start": START, "end": (START + DAY).replace(tzinfo=None)},
    ],
)  # fmt: skip
def test_a_question_that_asks_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        UsageQuestion(**wrong)


@pytest.mark.parametrize(("actions", "calls"), [(0, 1), (99, 1), (100, 2), (250, 3), (300, 4)])
async def test_activity_is_paged_to_its_end(
    service: Service, client: ScenarioClient, actions: int, calls: int
) -> None:
    service.actions = actions
    pages = [page async for page in client.usage_activities(asking(10))]
    assert [action.action for page in pages for action in page.actions] == [
        f"a{number}" for number in range(actions)
    ]
    assert [page.offset for page in pages] == list(range(0, actions, 100))
    assert len(service.asked) == calls


async def test_only_one_page_of_the_activity_is_held(
    service: Service, client: ScenarioClient
) -> None:
    service.actions = 600
    earlier: list[weakref.ref[Activity]] = []
    async for page in client.usage_activities(asking(10)):
        gc.collect()
        assert not [one for one in earlier if one() is not None]
        earlier += map(weakref.ref, page.actions)
    assert len(earlier) == 600


async def test_activity_of_a_long_range_goes_back_in_time(
    service: Service, client: ScenarioClient
) -> None:
    service.actions = 150
    pages = [page async for page in client.usage_activities(asking(200))]
    assert [page.offset for page in pages] == [0, 100, 150, 250]
    times = [action.time for page in pages for action in page.actions]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 2


async def test_activity_of_a_named_range_has_a_fixed_end(
    service: Service, client: ScenarioClient
) -> None:
    service.actions = 150
    _ = [page async for page in client.usage_activities(UsageQuestion(time_range="last-hour"))]
    assert {query["endDate"] for query in service.asked} == {"2026-07-01T00:00:00.000Z"}
    assert {query["startDate"] for query in service.asked} == {"2026-06-30T23:00:00.000Z"}


async def test_a_server_that_ignores_the_offset_is_noticed(
    service: Service, client: ScenarioClient
) -> None:
    service.actions = 500
    service.refuse = lambda query: httpx.Response(
        200, json={"activity": service._page(query | {"activityOffset": "0"})}
    )
    pages = client.usage_activities(asking(10))
    assert len((await anext(pages)).actions) == 100
    with pytest.raises(BadAnswer, match="repeats itself"):
        await anext(pages)


async def test_one_page_from_a_place_on(service: Service, client: ScenarioClient) -> None:
    service.actions = 500
    page = await client.usage_activity(asking(10), 250)
    assert (page.offset, page.count, page.actions[0].action) == (250, 100, "a250")
