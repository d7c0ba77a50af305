"""Jobs are sent once, followed with few requests, and end only by the service's word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.jobs import JobBilling
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.errors import (
    AppError,
    ConcurrencyLimit,
    Forbidden,
    Offline,
    QuotaExceeded,
    RateLimited,
    Refused,
    ServerFailed,
    SpendingRefused,
    StoreFailed,
    TimedOut,
    Unreachable,
)
from scenario_desktop.services.detect import KIND, DetectKind
from scenario_desktop.services.job_polling import PollState
from scenario_desktop.services.job_views import BatchEnd, JobState, JobView
from scenario_desktop.services.jobs import Jobs
from scenario_desktop.services.spending import SpendingGuard
from scenario_desktop.store.ledger import Ledger, LedgerState
from tests.fakes import FakeClock, FakeJobsClient, FakeSettings, inline_ledger, settle


@dataclass
class World:
    """A service with its jobs, its ledger and what was told."""

    clock: FakeClock
    client: FakeJobsClient
    ledger: Ledger
    settings: FakeSettings = field(default_factory=FakeSettings)
    fetched: list[list[str]] = field(default_factory=list)
    fetch_errors: list[AppError] = field(default_factory=list)
    ends: list[BatchEnd] = field(default_factory=list)
    _jobs: Jobs | None = None

    @property
    def jobs(self) -> Jobs:
        assert self._jobs is not None
        return self._jobs

    async def start(self) -> Jobs:
        """Start the service; a second time is a new run of the program on the same files."""
        self._jobs = Jobs(
            self.client, self.ledger, SpendingGuard(self.settings), workspace_id="ws",
            kinds={KIND: DetectKind(self.client)}, on_results=self.fetch, clock=self.clock,
            jitter=lambda: 0.5,
        )  # fmt: skip
        self._jobs.batch_ended.connect(self.ends.append)
        await self._jobs.start()
        await settle()
        return self._jobs

    async def fetch(self, asset_ids: Sequence[str]) -> None:
        if self.fetch_errors:
            raise self.fetch_errors.pop(0)
        self.fetched.append(list(asset_ids))

    async def send(
        self, *requests: DetectRequest, quoted: Decimal | None = Decimal(1)
    ) -> list[str]:
        rows = await self.jobs.submit(
            KIND,
            [request.to_wire() for request in requests],
            titles=[f"Picture {request.image}" for request in requests],
            input_ids=[request.image for request in requests],
            quoted=[Decimal(1)] * len(requests),
            batch_id="b1",
        )
        await settle()
        return [row.id for row in rows]

    def view(self, row_id: str) -> JobView:
        view = self.jobs.view(row_id)
        assert view is not None
        return view

    def states(self) -> list[JobState]:
        return [view.state for view in reversed(self.jobs.rows)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    world = World(clock, FakeJobsClient(clock), await inline_ledger(tmp_path / "l.sqlite", clock))
    await world.start()
    yield world
    await world.jobs.aclose()
    await world.ledger.aclose()


def canny(image: str = "a1", low: int = 72, high: int = 168) -> DetectRequest:
    return DetectRequest(
        image=image, modality=Modality.CANNY, low_threshold=low, high_threshold=high
    )


# Following


async def test_a_job_is_followed_to_its_result(world: World) -> None:
    (row,) = await world.send(canny())
    assert world.view(row).state is JobState.QUEUED
    world.client.move("job_1", "in-progress", progress=0.64)
    await world.clock.advance(3)
    view = world.view(row)
    assert (view.state, view.progress) == (JobState.RUNNING, 0.64)
    assert view.status_text == "Running, 64\u00a0%"
    world.client.end("job_1")
    await world.clock.advance(3)
    view = world.view(row)
    assert view.status_text == "Done, 1\u00a0control map added beside its parent"
    assert world.fetched == [["asset_job_1"]]
    assert (view.result_ids, view.cost, view.is_cost_final) == (("asset_job_1",), Decimal(1), True)


async def test_a_row_reads_as_on_the_screen(world: World) -> None:
    (row,) = await world.send(canny())
    view = world.view(row)
    assert view.title == "Canny, Picture a1"
    assert view.subtitle == "Low 72, high 168 · Detect"
    assert (view.cost_text, view.can_cancel) == ("1\u00a0CU", True)


async def test_one_page_covers_fifty_jobs(world: World) -> None:
    await world.send(*(canny(f"a{i}") for i in range(50)))
    before = world.client.reads
    await world.clock.advance(25)
    assert world.client.reads - before == 10
    for i in range(50):
        world.client.end(f"job_{i + 1}")
    await world.clock.advance(3)
    assert set(world.states()) == {JobState.DONE}
    assert len(world.fetched) == 1
    assert len(world.fetched[0]) == 50


async def test_nothing_is_asked_while_nothing_runs(world: World) -> None:
    await world.clock.advance(3600)
    assert world.client.calls == []
    await world.send(canny())
    await world.clock.advance(3)
    world.client.end("job_1")
    await world.clock.advance(3)
    before = world.client.reads
    await world.clock.advance(3600)
    assert world.client.reads == before
    assert world.jobs.poll_status.state is PollState.IDLE


async def test_looks_grow_rarer_and_come_back_with_a_new_job(world: World) -> None:
    await world.send(canny())
    counts = []
    for _ in range(3):
        before = world.client.reads
        await world.clock.advance(60)
        counts.append(world.client.reads - before)
    assert counts[0] == pytest.approx(24, abs=1)
    assert counts[1] == pytest.approx(12, abs=1)
    await world.clock.advance(200)
    before = world.client.reads
    await world.clock.advance(60)
    assert world.client.reads - before == pytest.approx(6, abs=1)
    await world.send(canny("a2"))
    before = world.client.reads
    await world.clock.advance(10)
    assert world.client.reads - before == pytest.approx(4, abs=1)


async def test_a_job_that_no_page_shows_is_read_by_itself(world: World) -> None:
    await world.send(canny("a1"), canny("a2"))
    world.client.jobs["job_1"] = world.client.jobs["job_1"].model_copy(
        update={"created_at": world.clock.now() - timedelta(days=1), "status": "in-progress"}
    )
    await world.clock.advance(2)
    assert ("get_job", "job_1") in world.client.calls
    assert world.states() == [JobState.RUNNING, JobState.QUEUED]


async def test_more_jobs_than_a_page_take_more_pages(world: World) -> None:
    world.client.page_size = 10
    await world.send(*(canny(f"a{i}") for i in range(25)))
    await world.clock.advance(1.2)
    assert [token for name, token in world.client.calls if name == "list_jobs"] == [
        None,
        "10",
        "20",
    ]


async def test_a_failed_look_ends_nothing_and_backs_off(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.errors = [Offline("x"), ServerFailed("x"), RateLimited("x", retry_after_s=90)]
    before = world.client.reads
    await world.clock.advance(1.2)
    status = world.jobs.poll_status
    assert status.state is PollState.RETRYING
    assert status.text(world.clock.now()).startswith("Looking again in 4")
    assert isinstance(status.error, Offline)
    await world.clock.advance(16)
    assert world.client.reads - before == 3
    await world.clock.advance(88)
    assert world.client.reads - before == 3
    assert world.view(row).state is JobState.QUEUED
    world.client.end("job_1")
    await world.clock.advance(5)
    assert world.view(row).state is JobState.DONE
    assert world.jobs.poll_status.text(world.clock.now()) == ""


async def test_progress_never_moves_back(world: World) -> None:
    (row,) = await world.send(canny())
    for progress in (0.5, 0.2, float("nan"), 7.0):
        world.client.move("job_1", "in-progress", progress=progress)
        await world.clock.advance(2.5)
    assert world.view(row).progress == 1.0
    assert world.view(row).status_text == "Running, 99\u00a0%"


async def test_an_unknown_status_is_shown_and_followed(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.move("job_1", "dreaming")
    await world.clock.advance(2)
    assert world.view(row).status_text == "Running, status unknown (dreaming)"
    world.client.end("job_1")
    await world.clock.advance(3)
    assert world.view(row).state is JobState.DONE


async def test_times_come_from_the_status_history(world: World) -> None:
    (row,) = await world.send(canny())
    await world.clock.advance(3)
    world.client.move("job_1", "in-progress")
    await world.clock.advance(9)
    world.client.end("job_1")
    await world.clock.advance(3)
    view = world.view(row)
    assert (view.queue_s, view.elapsed_s) == (3, 12)


async def test_a_failure_shows_its_reason_and_hint(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.end("job_1", "failure", error="No person was found.", hint="Crop closer.")
    await world.clock.advance(2)
    view = world.view(row)
    assert view.status_text == "Failed: no person was found"
    assert (view.hint, view.cost_text) == ("Crop closer.", "0\u00a0CU")
    assert world.jobs.summary.needs_you == 1


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("No person was found.", "no person was found"), ("A map needs it.", "a map needs it"),
        ("CUDA ran out", "CUDA ran out"), ("Timeout", "Timeout"), ("é x", "é x"),
    ],
)  # fmt: skip
async def test_an_error_fits_behind_its_word(world: World, error: str, shown: str) -> None:
    (row,) = await world.send(canny())
    world.client.end("job_1", "failure", error=error)
    await world.clock.advance(2)
    assert world.view(row).status_text == f"Failed: {shown}"


async def test_a_success_with_an_error_and_no_result_is_a_failure(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.end("job_1", "success", asset_ids=(), error="Out of memory")
    await world.clock.advance(2)
    assert world.view(row).state is JobState.FAILED


async def test_a_job_that_the_service_forgot_stays_with_its_id(world: World) -> None:
    (row,) = await world.send(canny())
    del world.client.jobs["job_1"]
    await world.clock.advance(2)
    assert world.view(row).state is JobState.QUEUED
    await world.clock.advance(10)
    view = world.view(row)
    assert view.status_text == "Uncertain: the service does not know this job (any more)"
    assert (view.job_id, view.cost_text) == ("job_1", "1\u00a0CU?")
    before = world.client.reads
    await world.clock.advance(600)
    assert world.client.reads == before


async def test_a_result_that_cannot_be_fetched_yet_is_fetched_later(world: World) -> None:
    (row,) = await world.send(canny())
    world.fetch_errors = [Offline("x")]
    world.client.end("job_1")
    await world.clock.advance(2)
    assert world.view(row).status_text == "Fetching the result"
    await world.clock.advance(6)
    assert world.view(row).state is JobState.DONE
    assert world.fetched == [["asset_job_1"]]


async def test_a_charge_above_the_quote_shows_both(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.end("job_1")
    world.client.move("job_1", "success", billing=JobBilling(cu_cost=3))
    await world.clock.advance(2)
    assert world.view(row).hint == "Charged 3\u00a0CU, quoted 1\u00a0CU."


# Batches and sums


async def test_a_batch_ends_once(world: World) -> None:
    await world.send(canny("a1"), canny("a2"), canny("a3"))
    world.client.end("job_1")
    world.client.end("job_2", "failure", error="x")
    await world.clock.advance(2)
    assert world.ends == []
    world.client.end("job_3")
    await world.clock.advance(30)
    (end,) = world.ends
    assert (end.done, end.failed) == (2, 1)
    assert end.text == "3 jobs ended: 2 done, 1 failed"


async def test_the_summary_counts_what_runs_and_what_was_spent(world: World) -> None:
    await world.send(canny("a1"), canny("a2"))
    world.client.move("job_1", "in-progress", progress=0.5)
    await world.clock.advance(2)
    summary = world.jobs.summary
    assert (summary.running, summary.queued, summary.progress) == (1, 1, 0.25)
    assert (summary.today_count, summary.today_cost) == (2, Decimal(2))


async def test_cleared_rows_can_come_back(world: World) -> None:
    rows = await world.send(canny("a1"), canny("a2"))
    world.client.end("job_1")
    await world.clock.advance(2)
    cleared = await world.jobs.clear_done()
    assert cleared == [rows[0]]
    assert world.states() == [JobState.QUEUED]
    await world.jobs.restore_cleared(cleared)
    assert len(world.jobs.rows) == 2


# Sending


async def test_the_row_is_in_the_ledger_before_anything_is_sent(world: World) -> None:
    world.client.gate = asyncio.Event()
    (row,) = await world.send(canny())
    assert (await world.ledger.get(row)).state is LedgerState.SUBMITTING
    assert world.view(row).state is JobState.SENDING
    world.client.gate.set()
    await settle()
    stored = await world.ledger.get(row)
    assert (stored.state, stored.job_id) == (LedgerState.ACCEPTED, "job_1")


async def test_the_job_id_is_stored_before_it_is_told(world: World) -> None:
    told: list[Any] = []

    def look(_change: object) -> None:
        found = world.ledger._database._connection
        assert found is not None
        states = [tuple(r) for r in found.execute("SELECT state, job_id FROM ledger")]
        told.append((world.states(), states))

    world.jobs.changed.connect(look)
    await world.send(canny())
    assert told[-1] == ([JobState.QUEUED], [("accepted", "job_1")])


async def test_no_more_than_four_are_sent_at_once_and_in_order(world: World) -> None:
    world.client.gate = asyncio.Event()
    await world.send(*(canny(f"a{i}") for i in range(9)))
    assert world.client.count("detect") == 4
    world.client.gate.set()
    await settle(200)
    assert [r.image for name, r in world.client.calls if name == "detect"] == [
        f"a{i}" for i in range(9)
    ]


@pytest.mark.parametrize("error", [TimedOut("x"), Offline("x"), ServerFailed("x")])
async def test_a_request_that_may_have_arrived_is_uncertain_and_never_resent(
    world: World, error: AppError
) -> None:
    world.client.answers = [error]
    (row,) = await world.send(canny())
    view = world.view(row)
    assert (view.state, view.cost_text) == (JobState.UNCERTAIN, "1\u00a0CU?")
    assert view.hint == "Looking for it among the server’s jobs. It is not sent again."
    await world.clock.advance(3600)
    assert world.client.count("detect") == 1
    assert "Sending again may cost twice" in world.view(row).hint
    assert world.client.reads == 5


async def test_an_uncertain_request_that_arrived_is_found(world: World) -> None:
    world.client.answers, world.client.arrives = [TimedOut("x")], True
    (row,) = await world.send(canny())
    assert world.view(row).state is JobState.QUEUED
    assert world.view(row).job_id == "job_1"
    assert world.view(row).hint == "Found again among the server’s jobs."
    world.client.end("job_1")
    await world.clock.advance(3)
    assert world.view(row).state is JobState.DONE
    assert world.view(row).hint == "Found again among the server’s jobs."


async def test_a_job_that_takes_very_long_is_still_followed(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.move("job_1", "in-progress", progress=0.95)
    await world.clock.advance(1000)
    assert world.view(row).status_text == "Running, 95\u00a0%, longer than usual"
    await world.clock.advance(86_400)
    assert world.view(row).state is JobState.RUNNING


@pytest.mark.parametrize(
    "other",
    [
        canny("a2"), canny(low=71),
        DetectRequest(image="a1", modality=Modality.SKETCH),
    ],
    ids=["other picture", "other threshold", "other map"],
)  # fmt: skip
async def test_a_similar_job_is_not_taken_for_it(world: World, other: DetectRequest) -> None:
    world.client.make(other)
    world.client.answers = [TimedOut("x")]
    (row,) = await world.send(canny())
    assert world.view(row).state is JobState.UNCERTAIN


async def test_two_that_look_alike_are_told_and_not_guessed_at(world: World) -> None:
    world.client.make(canny())
    world.client.make(canny())
    world.client.answers = [TimedOut("x")]
    (row,) = await world.send(canny())
    await world.clock.advance(600)
    assert world.view(row).state is JobState.UNCERTAIN
    assert world.view(row).hint == "2 of the server’s jobs look just like it."


async def test_an_older_job_just_like_it_is_not_taken_for_it(world: World) -> None:
    world.client.make(canny())
    await world.clock.advance(120)
    world.client.answers = [TimedOut("x")]
    (row,) = await world.send(canny())
    assert world.view(row).state is JobState.UNCERTAIN


async def test_the_servers_clock_may_be_hours_off(world: World) -> None:
    world.client.server_time_offset_s = -7200
    world.client.answers = [TimedOut("x")]
    world.client.make(canny(), created_at=world.clock.now() - timedelta(hours=2))
    (row,) = await world.send(canny())
    assert world.view(row).job_id == "job_1"


async def test_looking_again_finds_a_job_that_came_late(world: World) -> None:
    world.client.answers = [TimedOut("x")]
    (row,) = await world.send(canny())
    await world.clock.advance(600)
    sent_at = world.view(row).started_at
    world.client.make(canny(), created_at=sent_at)
    await world.jobs.look_again(row)
    assert world.view(row).state is JobState.QUEUED


async def test_nothing_is_sent_without_a_connection(world: World) -> None:
    world.client.answers = [Unreachable("No connection to the server.")] * 4
    await world.send(*(canny(f"a{i}") for i in range(10)))
    assert set(world.states()) == {JobState.NOT_SENT}
    assert world.client.count("detect") <= 4
    view = world.jobs.rows[0]
    assert view.status_text == "Not sent: no connection to the server"
    assert world.jobs.summary.today_count == 0
    new = await world.jobs.send_again(view.id)
    await settle()
    assert world.view(new).state is JobState.QUEUED
    assert len(world.jobs.rows) == 10


async def test_a_refused_request_fails_with_the_reason(world: World) -> None:
    world.client.answers = [Refused("The server did not accept this.", details="bad image")]
    first, second = await world.send(canny("a1"), canny("a2"))
    assert world.view(first).status_text == "Failed: the server did not accept this"
    assert world.view(first).hint == "The service says: bad image"
    assert world.view(second).state is JobState.QUEUED


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ("HTTP 422 · Give a width.", "Choose. The service says: Give a width."),
        ("HTTP 400", "Choose. The service says: HTTP 400"),
        ("", "Choose."),
    ],
)
async def test_a_status_gives_way_to_the_services_own_words(
    world: World, details: str, said: str
) -> None:
    world.client.answers = [Refused("No.", hint="Choose.", details=details)]
    (row,) = await world.send(canny())
    assert world.view(row).hint == said


@pytest.mark.parametrize(
    ("error", "status", "hint"),
    [
        ("No face found. Faces are found upright.", "no face found", "Faces are found upright."),
        ("Too large for no. A of it", "too large for no. A of it", ""),
        ("It ended with 4.5 of 6 parts.", "it ended with 4.5 of 6 parts", ""),
    ],
)
async def test_more_than_one_sentence_of_a_failure_takes_a_line_of_its_own(
    world: World, error: str, status: str, hint: str
) -> None:
    (row,) = await world.send(canny())
    world.client.end("job_1", "failure", error=error)
    await world.clock.advance(2)
    assert world.view(row).status_text == f"Failed: {status}"
    assert world.view(row).hint == hint


@pytest.mark.parametrize("error", [QuotaExceeded("Used up."), Forbidden("Not in the plan.")])
async def test_a_wall_stops_the_rest_of_the_batch(world: World, error: AppError) -> None:
    world.client.answers = [error] * 4
    await world.send(*(canny(f"a{i}") for i in range(8)))
    assert world.states().count(JobState.NOT_SENT) == 4
    assert world.client.count("detect") == 4


async def test_at_the_limit_of_jobs_the_rest_waits_for_an_end(world: World) -> None:
    limit = ConcurrencyLimit("As many as the plan allows.")
    world.client.answers = [None] * 16 + [limit] * 4
    await world.send(*(canny(f"a{i}") for i in range(50)))
    await settle(400)
    assert world.states() == [JobState.QUEUED] * 16 + [JobState.PREPARED] * 34
    sent = world.client.count("detect")
    assert 17 <= sent <= 20
    assert "one must end first" in world.jobs.rows[0].hint
    await world.clock.advance(60)
    assert world.client.count("detect") == sent
    world.client.end("job_1")
    await world.clock.advance(5)
    assert world.client.count("detect") == sent + 1
    assert [r.image for n, r in world.client.calls if n == "detect"][-1] == "a16"
    assert world.states()[16] is JobState.QUEUED


async def test_a_limit_taken_up_by_others_is_tried_again_after_a_while(world: World) -> None:
    world.client.answers = [ConcurrencyLimit("x")] * 2
    await world.send(canny("a1"), canny("a2"))
    assert world.states() == [JobState.PREPARED] * 2
    await world.clock.advance(21)
    assert world.states()[0] is JobState.QUEUED


async def test_a_wanted_rest_is_kept(world: World) -> None:
    world.client.answers = [RateLimited("x", retry_after_s=30)]
    (row,) = await world.send(canny())
    assert world.view(row).hint == "The service asks to wait 30\u00a0s."
    await world.clock.advance(29)
    assert world.client.count("detect") == 1
    await world.clock.advance(2)
    assert world.view(row).state is JobState.QUEUED


async def test_a_very_long_rest_is_the_users_call(world: World) -> None:
    world.client.answers = [RateLimited("x", retry_after_s=2321)]
    (row,) = await world.send(canny())
    text = world.view(row).status_text.replace("\u00a0", " ")
    assert text == "Not sent: the service wants 38 min 41 s of rest"


async def test_a_price_above_the_agreed_one_stops_the_rest(world: World) -> None:
    original = world.client.make
    world.client.make = lambda request, **c: original(  # type: ignore[method-assign]
        request, billing=JobBilling(cu_cost=9), **c
    )
    await world.send(*(canny(f"a{i}") for i in range(12)))
    assert world.client.count("detect") <= 8
    assert "charges 9\u00a0CU instead of 1\u00a0CU" in world.jobs.rows[0].status_text


async def test_a_full_disk_sends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare, calls = world.ledger.prepare, []

    async def fail(**fields: Any) -> Any:
        calls.append(fields)
        if len(calls) == 2:
            raise StoreFailed("The disk is full.")
        return await prepare(**fields)

    monkeypatch.setattr(world.ledger, "prepare", fail)
    with pytest.raises(StoreFailed):
        await world.send(canny("a1"), canny("a2"), canny("a3"))
    await settle()
    assert world.client.calls == []
    assert world.states() == [JobState.NOT_SENT]


async def test_a_claim_that_cannot_be_written_sends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_row_id: str) -> bool:
        raise StoreFailed("The disk is full.")

    monkeypatch.setattr(world.ledger, "claim", fail)
    await world.send(canny())
    assert world.client.calls == []
    assert world.states() == [JobState.NOT_SENT]


async def test_an_answer_that_cannot_be_written_down_is_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = world.ledger.accept

    async def fail(row_id: str, job_id: str) -> Any:
        monkeypatch.setattr(world.ledger, "accept", accept)
        raise StoreFailed("The disk is full.")

    monkeypatch.setattr(world.ledger, "accept", fail)
    (row,) = await world.send(canny())
    assert world.view(row).job_id == "job_1"
    assert world.client.count("detect") == 1


async def test_only_one_of_two_windows_sends(world: World) -> None:
    original = world.ledger.claim

    async def other_is_faster(row_id: str) -> bool:
        await original(row_id)
        return await original(row_id)

    world.ledger.claim = other_is_faster  # type: ignore[method-assign]
    await world.send(canny())
    assert world.client.calls == []


# What a user can do


async def test_cancel_ends_a_job(world: World) -> None:
    (row,) = await world.send(canny())
    await world.jobs.cancel(row)
    assert world.view(row).state is JobState.CANCELED


async def test_cancel_that_crosses_the_end_keeps_the_result(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.on_cancel = world.client.end
    await world.jobs.cancel(row)
    view = world.view(row)
    assert view.status_text.startswith("Finished before the cancel, 1\u00a0control map")
    assert world.fetched == [["asset_job_1"]]


async def test_a_refused_cancel_leaves_the_job_followed(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.cancel_error = Refused("x", details="Cannot cancel this type of job.")
    with pytest.raises(Refused, match="goes on"):
        await world.jobs.cancel(row)
    world.client.end("job_1")
    await world.clock.advance(3)
    assert world.view(row).state is JobState.DONE


async def test_cancel_takes_a_waiting_row_out_of_the_queue(world: World) -> None:
    world.client.answers = [ConcurrencyLimit("x")] * 2
    first, second = await world.send(canny("a1"), canny("a2"))
    await world.jobs.cancel(second)
    await world.clock.advance(120)
    assert world.view(second).state is JobState.CANCELED
    assert world.view(first).state is JobState.QUEUED
    assert [r.image for n, r in world.client.calls if n == "detect"].count("a2") == 1


async def test_a_job_not_watched_is_not_asked_for(world: World) -> None:
    (row,) = await world.send(canny())
    await world.jobs.stop_watching(row)
    before = world.client.reads
    await world.clock.advance(60)
    assert world.client.reads == before
    assert world.view(row).state is JobState.NOT_WATCHED
    world.client.end("job_1")
    await world.jobs.look_again(row)
    assert world.view(row).state is JobState.DONE


async def test_sending_again_is_a_new_row_at_todays_price(world: World) -> None:
    world.client.answers = [TimedOut("x")]
    (row,) = await world.send(canny())
    world.client.prices = {"canny": Decimal(2)}
    with pytest.raises(SpendingRefused, match="2\u00a0CU now"):
        await world.jobs.send_again(row)
    new = await world.jobs.send_again(row, is_confirmed=True)
    await settle()
    assert world.view(new).cost == Decimal(2)
    assert world.view(row).state is JobState.UNCERTAIN
    assert world.jobs.draft_of(new) == world.jobs.draft_of(row)


async def test_sending_again_asks_the_spending_limit(world: World) -> None:
    world.client.answers = [Unreachable("x")]
    (row,) = await world.send(canny())
    world.settings.spending.mode = "never"
    with pytest.raises(SpendingRefused):
        await world.jobs.send_again(row, is_confirmed=True)
    assert world.client.count("detect") == 1


# Restart


async def test_jobs_in_flight_are_picked_up_again(world: World) -> None:
    (row,) = await world.send(canny())
    await world.jobs.aclose()
    world.client.end("job_1")
    await world.clock.advance(3600)
    await world.start()
    view = world.view(row)
    assert (view.state, view.elapsed_s) == (JobState.DONE, 0)
    assert len(world.ends) == 1


async def test_a_request_cut_off_by_a_kill_is_uncertain_and_looked_for(world: World) -> None:
    world.client.gate = asyncio.Event()
    (row,) = await world.send(canny())
    await world.jobs._outgoing.aclose(timeout_s=0)
    await world.jobs.aclose()
    await world.start()
    view = world.view(row)
    assert view.status_text == "Uncertain: the program ended before the answer came"
    assert world.client.count("detect") == 1
    world.client.make(canny(), created_at=view.started_at)
    await world.clock.advance(6)
    assert world.view(row).state is JobState.QUEUED


async def test_rows_never_sent_are_not_sent_by_a_restart(world: World) -> None:
    world.client.answers = [ConcurrencyLimit("x")]
    (row,) = await world.send(canny())
    await world.jobs.aclose()
    await world.start()
    await world.clock.advance(600)
    assert world.client.count("detect") == 1
    assert world.view(row).status_text == "Not sent: the program ended first"


async def test_an_ended_batch_is_not_told_again_after_a_restart(world: World) -> None:
    await world.send(canny())
    world.client.end("job_1")
    await world.clock.advance(3)
    await world.jobs.aclose()
    await world.start()
    await world.clock.advance(60)
    assert len(world.ends) == 1


# Faults of our own


@pytest.mark.expects_errors
async def test_a_bug_while_following_does_not_end_the_following(world: World) -> None:
    (row,) = await world.send(canny())
    world.client.errors = [ZeroDivisionError("a bug")]  # type: ignore[list-item]  # no AppError
    await world.clock.advance(3)
    assert world.jobs.poll_status.state is PollState.RETRYING
    world.client.end("job_1")
    await world.clock.advance(10)
    assert world.view(row).state is JobState.DONE


@pytest.mark.expects_errors
async def test_a_bug_after_the_sending_leaves_it_uncertain(world: World) -> None:
    world.client.answers, world.client.arrives = [ZeroDivisionError("a bug")], True
    (row,) = await world.send(canny())
    await world.clock.advance(6)
    assert world.view(row).job_id == "job_1"
    assert world.client.count("detect") == 1
