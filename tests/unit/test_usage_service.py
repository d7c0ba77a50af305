"""Usage is read once, kept with its time, and held beside our own record."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from scenario_desktop.api.models.usage import (
    ACTIVITY_PAGE,
    Activity,
    ActivityData,
    ActivityPage,
    AssetEntity,
    Entities,
    JobEntity,
    UsagePoint,
    UsageReport,
    UsageSeries,
    UsageSpan,
    UserEntity,
)
from scenario_desktop.api.usages import UsageQuestion
from scenario_desktop.errors import AppError, Forbidden, Offline
from scenario_desktop.services.usage import charts, export
from scenario_desktop.services.usage.activity import (
    ActivityBook,
    ActivityFilter,
    Names,
    action_text,
)
from scenario_desktop.services.usage.charts import Grouping
from scenario_desktop.services.usage.comparison import JobCost, Reason, RunTotals
from scenario_desktop.services.usage.keeping import ReportCache
from scenario_desktop.services.usage.ranges import UsageRange
from scenario_desktop.services.usage.usage import Usage, fine_part
from scenario_desktop.store.ledger import Ledger, LedgerState
from tests.fakes import FakeClock, inline_ledger

START = datetime(2026, 11, 20, tzinfo=UTC)
TODAY = UsageRange(date(2026, 11, 20), date(2026, 11, 20), UTC)


def report_of(cost: int) -> UsageReport:
    point = UsagePoint(time=START, value=Decimal(1), api_key=Decimal(0), cost=Decimal(cost))
    series = UsageSeries(usage_name="detection", granularity="1h", points=(point,))
    span = UsageSpan(start=TODAY.start, end=TODAY.end, granularity="1h", has_dropped_zeros=True)
    return UsageReport(usages=(series,), spans=(span,))


def act(number: int, *, job: str | None = None, cost: int | None = 1) -> Activity:
    return Activity(
        action="detection" if number % 2 else "upscale", time=START + timedelta(seconds=number),
        user_id="u1", data=ActivityData(asset_id=f"a{number}", job_id=job),
        creative_units_cost=None if cost is None else Decimal(cost),
    )  # fmt: skip


class FakeUsage:
    """A service with a report and a list of actions."""

    def __init__(self) -> None:
        self.server_time_offset_s: float | None = None
        self.cost = 5
        self.error: AppError | None = None
        self.actions: list[Activity] = []
        self.entities = Entities()
        self.questions: list[UsageQuestion] = []
        self.offsets: list[int] = []

    async def usages(self, question: UsageQuestion) -> UsageReport:
        self.questions.append(question)
        if self.error is not None:
            raise self.error
        return report_of(self.cost).model_copy(update={"entities": self.entities})

    async def usage_activity(self, question: UsageQuestion, offset: int = 0) -> ActivityPage:
        self.offsets.append(offset)
        if self.error is not None:
            raise self.error
        part = tuple(self.actions[offset : offset + ACTIVITY_PAGE])
        return ActivityPage(offset=offset, count=len(part), actions=part, entities=self.entities)


@dataclass
class World:
    clock: FakeClock
    ledger: Ledger
    folder: Path
    client: FakeUsage = field(default_factory=FakeUsage)
    opened: list[Usage] = field(default_factory=list)

    def usage(self, team: FakeUsage | None = None) -> Usage:
        usage = Usage(
            self.client, self.ledger, ReportCache(self.folder / "usage"), workspace_id="ws",
            zone=UTC, team=team, titles={"detect": "Detect"}, own_keys=("api_ours",),
            clock=self.clock,
        )  # fmt: skip
        self.opened.append(usage)
        return usage

    async def restart(self) -> None:
        """Close all that was opened."""
        for usage in self.opened:
            await usage.aclose()

    async def job(
        self, state: LedgerState, quoted: int | None, charged: int | None, *,
        kind: str = "detect", job_id: str = "j1",
    ) -> str:  # fmt: skip
        """Write a request down that was sent now."""
        row = await self.ledger.prepare(
            workspace_id="ws", kind=kind, request={}, input_ids=["a1"],
            quoted=None if quoted is None else Decimal(quoted),
        )  # fmt: skip
        await self.ledger.claim(row.id)
        await self.ledger.update(
            row.id, state=state, job_id=job_id,
            charged=None if charged is None else Decimal(charged),
        )  # fmt: skip
        return row.id

    async def only_job(self) -> JobCost:
        (job,) = (await self.usage().comparison(TODAY)).jobs
        return job


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    ledger = await inline_ledger(tmp_path / "l.sqlite", clock)
    world = World(clock, ledger, tmp_path)
    yield world
    await world.restart()
    await ledger.aclose()


# Reports


async def test_a_range_is_asked_for_once_a_minute(world: World) -> None:
    usage = world.usage()
    first = await usage.report(TODAY)
    await usage.report(TODAY)
    assert len(world.client.questions) == 1
    assert (first.at, first.error) == (world.clock.now(), None)
    await world.clock.advance(61)
    await usage.report(TODAY)
    assert len(world.client.questions) == 2


async def test_a_fresh_one_can_be_asked_for(world: World) -> None:
    usage = world.usage()
    await usage.report(TODAY)
    await usage.report(TODAY, is_fresh=True)
    assert len(world.client.questions) == 2


async def test_a_past_range_is_kept_for_good_and_over_a_restart(world: World) -> None:
    past = UsageRange(date(2026, 10, 1), date(2026, 10, 31), UTC)
    report = (await world.usage().report(past)).report
    await world.restart()
    await world.clock.advance(86_400)
    again = await world.usage().report(past)
    assert len(world.client.questions) == 1
    assert again.report == report


async def test_without_network_the_kept_report_is_shown_with_its_time(world: World) -> None:
    usage = world.usage()
    begun = (await usage.report(TODAY)).at
    await world.clock.advance(3600)
    world.client.error = Offline("No connection.")
    shown = await usage.report(TODAY)
    assert (shown.at, shown.error) == (begun, world.client.error)
    await world.restart()
    kept = await world.usage().kept(TODAY)
    assert kept is not None
    assert kept.at == begun


async def test_what_was_asked_for_is_there_before_it_is_on_the_disk(world: World) -> None:
    usage = world.usage()
    report = (await usage.report(TODAY)).report
    assert not (world.folder / "usage").exists()
    kept = await usage.kept(TODAY)
    assert kept is not None
    assert kept.report is report
    await world.restart()
    assert len(list((world.folder / "usage").glob("*.json"))) == 1


async def test_a_damaged_kept_report_is_read_anew(world: World) -> None:
    await world.usage().report(TODAY)
    await world.restart()
    for file in (world.folder / "usage").iterdir():
        file.write_text("{", encoding="utf-8")
    await world.usage().report(TODAY)
    assert len(world.client.questions) == 2


async def test_a_key_without_the_right_is_told_the_way_on(world: World) -> None:
    world.client.error = Forbidden("Not allowed.", details="scope")
    with pytest.raises(Forbidden, match="This key may not") as caught:
        await world.usage().report(TODAY)
    assert "team key" in caught.value.hint
    with pytest.raises(Forbidden, match="The team key"):
        await world.usage(world.client).report(TODAY)


async def test_a_team_key_is_used_where_there_is_one(world: World) -> None:
    team = FakeUsage()
    loaded = await world.usage(team).report(TODAY)
    assert loaded.is_team
    assert not world.client.questions


async def test_users_are_asked_for_one_by_one(world: World) -> None:
    found = await world.usage().users(TODAY, ["u1", "u2", "u1"])
    assert list(found) == ["u1", "u2"]
    assert sorted(tuple(q.user_ids) for q in world.client.questions) == [("u1",), ("u2",)]


# The activity


async def test_pages_are_read_when_their_rows_are_looked_at(world: World) -> None:
    world.client.actions = [act(number) for number in range(250)]
    book = world.usage().activity(TODAY)
    book.more()
    await book.settled()
    assert (book.count, book.is_all) == (100, False)
    for _ in range(2):
        book.more()
        await book.settled()
    assert (book.count, book.is_all, world.client.offsets) == (250, True, [0, 100, 200])
    row = book.row(249)
    assert row is not None
    assert row.activity.data.asset_id == "a249"


async def test_pages_that_were_let_go_are_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.services.usage.activity.HELD", 1)
    world.client.actions = [act(number) for number in range(250)]
    book = world.usage().activity(TODAY)
    for _ in range(3):
        book.more()
        await book.settled()
    assert book.row(5) is None
    await book.settled()
    row = book.row(5)
    assert row is not None
    assert world.client.offsets == [0, 100, 200, 0]


async def test_names_stand_for_ids_and_an_unknown_id_for_itself(world: World) -> None:
    world.client.actions = [act(1, job="j1", cost=0), act(2)]
    world.client.entities = Entities(
        assets=(AssetEntity(id="a1", metadata={"name": "Rocket"}),),
        jobs=(JobEntity(id="j1", status="failure"),),
        users=(UserEntity(id="u1", full_name="Art lead"),),
    )
    book = world.usage().activity(TODAY)
    book.more()
    await book.settled()
    first, second = book.row(0), book.row(1)
    assert first is not None
    assert second is not None
    assert (first.user, first.asset_name, first.note) == (
        "Art lead", "Rocket", "Failed, refunded",
    )  # fmt: skip
    assert second.asset_name == "a2"


async def test_who_uses_our_keys_and_has_no_name_is_you(world: World) -> None:
    world.client.actions = [act(1)]
    world.client.entities = Entities(
        users=(
            UserEntity(id="u1", is_api_key=True, api_key_id="api_ours"),
            UserEntity(id="u2", is_api_key=True, api_key_id="api_theirs"),
            UserEntity(id="u3", api_key_id="api_ours", full_name="Art lead"),
        )
    )
    usage = world.usage()
    book = usage.activity(TODAY)
    book.more()
    await book.settled()
    row = book.row(0)
    assert row is not None
    assert row.user == "You"
    report = (await usage.report(TODAY)).report
    assert Names(report.entities).users == {"u1": "You", "u2": "u2", "u3": "Art lead"}
    async for _, rows in usage.all_activity(TODAY):  # a file is read by others, too
        assert [one.user for one in rows] == ["u1"]


async def test_a_filter_finds_rows_of_any_page(world: World) -> None:
    world.client.actions = [act(number) for number in range(250)]
    book = world.usage().activity(TODAY, ActivityFilter(text="A249"))
    book.more()
    await book.settled()
    assert (book.count, book.is_all) == (1, True)
    row = book.row(0)
    assert row is not None
    assert row.activity.data.asset_id == "a249"
    detections = world.usage().activity(TODAY, ActivityFilter(actions=frozenset({"detection"})))
    detections.more()
    await detections.settled()
    while not detections.is_all:
        detections.more()
        await detections.settled()
    assert detections.count == 125


async def test_a_failed_page_is_told_and_can_be_wished_for_again(world: World) -> None:
    world.client.actions = [act(number) for number in range(10)]
    failures: list[AppError] = []
    book: ActivityBook = world.usage().activity(TODAY)
    book.failed.connect(failures.append)
    world.client.error = Offline("No connection.")
    book.more()
    await book.settled()
    assert len(failures) == 1
    world.client.error = None
    book.more()
    await book.settled()
    assert book.count == 10


def test_actions_have_words_and_new_ones_their_own() -> None:
    titles = {"detection": "Detect"}
    assert action_text("detection", titles) == "Detect"
    assert action_text("paint-by-voice", titles) == "Paint by voice"
    assert action_text("", titles) == "Unnamed"


# Ours beside theirs


@pytest.mark.parametrize(
    ("state", "quoted", "charged", "reason", "note"),
    [
        (LedgerState.SUCCEEDED, 3, 3, Reason.SAME, ""),
        (LedgerState.SUCCEEDED, 3, 2, Reason.DISCOUNT, "1 CU less than quoted: a discount."),
        (LedgerState.FAILED, 3, 0, Reason.REFUND, "Failed, refunded."),
        (LedgerState.CANCELED, 3, 1, Reason.REFUND, "Cancelled, 2 CU refunded."),
        (LedgerState.ACCEPTED, 3, None, Reason.OPEN, "It is still running."),
        (LedgerState.UNCERTAIN, 3, None, Reason.UNCERTAIN, "Nobody knows yet whether it ran."),
        (LedgerState.SUCCEEDED, None, 3, Reason.NO_QUOTE, "There was no price before."),
        (
            LedgerState.SUCCEEDED, 3, None, Reason.NOT_LISTED,
            "The service has not said what it cost.",
        ),
        (
            LedgerState.SUCCEEDED, 3, 5, Reason.UNEXPLAINED,
            "2 CU more than quoted, without a reason.",
        ),
    ],
)  # fmt: skip
async def test_a_difference_is_explained(
    world: World, state: LedgerState, quoted: int | None, charged: int | None, reason: Reason,
    note: str,
) -> None:  # fmt: skip
    await world.job(state, quoted, charged)
    job = await world.only_job()
    assert (job.reason, job.note.replace("\u00a0", " ")) == (reason, note)


async def test_bookings_fill_in_what_the_job_did_not_say(world: World) -> None:
    await world.job(LedgerState.SUCCEEDED, 3, None)
    world.client.actions = [act(1, job="j1", cost=2), act(2, job="j1", cost=1)]
    job = await world.only_job()
    assert (job.booked, job.reason) == (Decimal(3), Reason.SAME)


async def test_add_ons_are_what_was_booked_beyond_the_bill(world: World) -> None:
    await world.job(LedgerState.SUCCEEDED, 3, 4)
    await world.job(LedgerState.SUCCEEDED, 3, None, job_id="j2")
    world.client.actions = [act(1, job="j1", cost=5)]
    jobs = (await world.usage().comparison(TODAY)).jobs
    assert {job.reason for job in jobs} == {Reason.ADD_ON, Reason.NOT_LISTED}


async def test_lost_jobs_and_unpriced_runs_have_their_own_lines(world: World) -> None:
    await world.job(LedgerState.FAILED, 3, 0, job_id="a")
    await world.job(LedgerState.CANCELED, 3, 2, job_id="b")
    await world.job(LedgerState.SUCCEEDED, 3, 3, job_id="c")
    run = await world.job(LedgerState.ACCEPTED, None, None, kind="sartiq-refine", job_id="d")
    await world.clock.advance(40)
    await world.ledger.update(run, state=LedgerState.SUCCEEDED, queue_s=10.0)
    found = await world.usage().comparison(TODAY)
    assert (found.lost_count, found.refunded_count) == (2, 2)
    assert [found.lost, found.quoted, found.charged] == [2, 9, 5]
    assert found.unpriced == RunTotals(count=1, failed=0, compute_s=30.0)


async def test_our_record_stands_alone_without_network(world: World) -> None:
    await world.job(LedgerState.SUCCEEDED, 3, 3, job_id="a")
    await world.job(LedgerState.SUCCEEDED, 3, None, job_id="b")
    world.client.error = Offline("No connection.")
    found = await world.usage().comparison(TODAY)
    assert [job.reason for job in found.jobs].count(Reason.NOT_LISTED) == 1


async def test_what_was_never_sent_costs_nothing(world: World) -> None:
    await world.ledger.prepare(workspace_id="ws", kind="detect", request={}, quoted=Decimal(3))
    assert (await world.usage().comparison(TODAY)).jobs == ()


async def test_the_budget_takes_our_record_of_the_month(world: World) -> None:
    await world.job(LedgerState.SUCCEEDED, 3, 3)
    state = await world.usage().budget(Decimal(100))
    assert (state.spent, state.last_day) == (Decimal(3), date(2026, 11, 30))


# CSV


def test_a_charts_table_has_ids_and_tells_gaps_from_zeros() -> None:
    chart = charts.spend(report_of(5), Grouping.ACTION, TODAY, START + timedelta(hours=3))
    rows = list(csv.DictReader(io.StringIO(export.chart_csv(chart, str.title))))
    assert len(rows) == 24
    assert rows[0]["spend"] == "5"
    assert (rows[0]["id"], rows[0]["name"], rows[0]["state"]) == ("detection", "Detection", "final")
    assert (rows[1]["spend"], rows[5]["spend"], rows[5]["state"]) == ("0", "", "unknown")
    assert sum(Decimal(row["spend"] or 0) for row in rows) == chart.total


async def test_an_activitys_table_is_written_part_by_part(world: World) -> None:
    world.client.actions = [act(number) for number in range(3)]
    book = world.usage().activity(TODAY)
    book.more()
    await book.settled()
    rows = [row for row in (book.row(0), book.row(1), book.row(2)) if row is not None]
    text = (
        export.activity_head() + export.activity_lines(rows[:2]) + export.activity_lines(rows[2:])
    )
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["asset_id"] for row in table] == ["a0", "a1", "a2"]
    assert table[0]["cost_cu"] == "1"


@pytest.mark.parametrize(
    ("name", "written"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-2", "-2"), ("plain", "plain")]
)
def test_no_spreadsheet_computes_a_foreign_name(name: str, written: str) -> None:
    chart = charts.spend(report_of(5), Grouping.ACTION, TODAY, START + timedelta(hours=30))
    rows = list(csv.DictReader(io.StringIO(export.chart_csv(chart, lambda _: name))))
    assert rows[0]["name"] == written


@pytest.mark.parametrize(
    ("value", "text"),
    [(Decimal("0.10"), "0.1"), (Decimal("1E+3"), "1000"), (Decimal(0), "0"), (None, "")],
)
def test_amounts_are_plain_numbers(value: Decimal | None, text: str) -> None:
    assert export.amount(value) == text


async def test_days_of_another_zone_are_asked_for_in_hours(world: World) -> None:
    usage, madrid = world.usage(), ZoneInfo("Europe/Madrid")
    november = (date(2026, 11, 1), date(2026, 11, 30))
    for zone in (madrid, UTC):
        await usage.report(UsageRange(*november, zone))
    await usage.report(UsageRange(date(2026, 8, 1), date(2026, 11, 20), madrid))
    asked = [(q.longest.days, q.drops_zero_points) for q in world.client.questions]
    assert asked == [(7, True), (90, False), (90, False)]


@pytest.mark.parametrize(
    ("zone", "days", "part"),
    [
        ("UTC", 7, None), ("Europe/London", 10, None), ("Europe/Madrid", 31, 7),
        ("Europe/Madrid", 32, None), ("Asia/Kolkata", 31, 3), ("Asia/Kolkata", 32, None),
        ("Asia/Kathmandu", 7, 1), ("Asia/Kathmandu", 8, None), ("Australia/Adelaide", 31, 3),
    ],
)  # fmt: skip
def test_parts_are_as_short_as_days_of_a_zone_need(zone: str, days: int, part: int | None) -> None:
    last = date(2026, 11, 30)
    over = UsageRange(last - timedelta(days=days - 1), last, ZoneInfo(zone))
    assert fine_part(over) == (None if part is None else timedelta(days=part))


async def test_all_of_the_activity_is_read_page_by_page(world: World) -> None:
    world.client.actions = [act(number) for number in range(250)]
    wanted = ActivityFilter(actions=frozenset({"upscale"}))
    pages = [page async for page in world.usage().all_activity(TODAY, wanted)]
    assert [count for count, _ in pages] == [100, 100, 50]
    assert sum(len(rows) for _, rows in pages) == 125
    assert world.client.offsets == [0, 100, 200]


async def test_a_filter_takes_models_and_users(world: World) -> None:
    world.client.actions = [act(1)]
    for wanted, count in (
        (ActivityFilter(users=frozenset({"u1"})), 1), (ActivityFilter(users=frozenset({"u2"})), 0),
        (ActivityFilter(models=frozenset({"m1"})), 0),
    ):  # fmt: skip
        book = world.usage().activity(TODAY, wanted)
        book.more()
        await book.settled()
        assert book.count == count


async def test_runs_without_a_price_are_listed_by_themselves(world: World) -> None:
    await world.job(LedgerState.SUCCEEDED, None, None, kind="sartiq-refine")
    found = await world.usage().comparison(TODAY)
    assert not found.jobs
    assert [(run.kind, run.reason) for run in found.runs] == [("sartiq-refine", Reason.NO_PRICE)]
