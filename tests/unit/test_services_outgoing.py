"""Rows of one group leave in one request, and each of them gets its own end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from scenario_desktop.api.models.jobs import Job
from scenario_desktop.errors import AppError, BadInput, NotFound, TimedOut
from scenario_desktop.services.outgoing import Outgoing
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState
from tests.fakes import FakeClock, inline_ledger, settle

PREPARED, ACCEPTED = LedgerState.PREPARED, LedgerState.ACCEPTED
UNCERTAIN, NOT_SENT = LedgerState.UNCERTAIN, LedgerState.NOT_SENT


class ScriptedSender:
    """Answers for rows by their titles; notes what left together."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.prepared: list[list[str]] = []
        self.answers: dict[str, Job | AppError] = {}
        self.trouble: AppError | None = None
        self.send_error: BaseException | None = None
        self.may_prepare = asyncio.Event()
        self.may_prepare.set()

    async def prepare(self, rows: Sequence[LedgerRow]) -> None:
        self.prepared.append([_title(row) for row in rows])
        await self.may_prepare.wait()
        if self.trouble is not None:
            raise self.trouble

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        self.sent.append([_title(row) for row in rows])
        if self.send_error is not None:
            raise self.send_error
        return [self.answers.get(_title(row), Job(job_id=f"job {_title(row)}")) for row in rows]


def _title(row: LedgerRow) -> str:
    return str(row.extra["title"])


class Door:
    """An outgoing queue with its ledger."""

    def __init__(self, ledger: Ledger, clock: FakeClock) -> None:
        self.ledger, self.sender = ledger, ScriptedSender()
        self.changed: list[str] = []
        self.outgoing = Outgoing(
            ledger, self.sender, self._on_changed, clock=clock, has_running=lambda: False
        )

    async def _on_changed(self, row_id: str) -> None:
        self.changed.append(row_id)

    async def add(self, *titles: str, group: str | None = None) -> list[str]:
        rows = [
            await self.ledger.prepare(
                workspace_id="ws", kind="many", request={}, batch_id="b",
                extra={"title": title, **({"group": group} if group else {})},
            )
            for title in titles
        ]  # fmt: skip
        self.outgoing.add(rows)
        await settle()
        return [row.id for row in rows]

    async def states(self, row_ids: Sequence[str]) -> list[LedgerState]:
        return [(await self.ledger.get(row_id)).state for row_id in row_ids]


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock = FakeClock()
    ledger = await inline_ledger(tmp_path / "l.sqlite", clock)
    door = Door(ledger, clock)
    yield door
    await door.outgoing.aclose()
    await ledger.aclose()


async def test_a_group_leaves_in_one_request(door: Door) -> None:
    ids = await door.add("a", "b", group="g")
    ids += await door.add("c")
    assert door.sender.sent == [["a", "b"], ["c"]]
    assert await door.states(ids) == [ACCEPTED] * 3
    assert (await door.ledger.get(ids[1])).job_id == "job b"


async def test_each_row_of_a_group_has_its_own_end(door: Door) -> None:
    door.sender.answers["b"] = NotFound("The picture is gone.")
    ids = await door.add("a", "b", group="g")
    assert await door.states(ids) == [ACCEPTED, LedgerState.FAILED]
    assert (await door.ledger.get(ids[1])).error == "The picture is gone."


async def test_a_lost_answer_leaves_the_whole_group_uncertain(door: Door) -> None:
    door.sender.send_error = TimedOut("No answer in time.")
    ids = await door.add("a", "b", group="g")
    assert await door.states(ids) == [UNCERTAIN] * 2
    assert len(door.sender.sent) == 1


async def test_what_cannot_be_prepared_is_not_sent(door: Door) -> None:
    door.sender.trouble = BadInput("It is no picture.", hint="Choose another.")
    ids = await door.add("a", "b", group="g")
    row = await door.ledger.get(ids[0])
    assert await door.states(ids) == [NOT_SENT] * 2
    assert (row.error, row.hint, row.submitted_at) == ("It is no picture.", "Choose another.", None)
    assert door.sender.sent == []


async def test_a_row_can_be_taken_back_while_it_is_prepared(door: Door) -> None:
    door.sender.may_prepare.clear()
    ids = await door.add("a", "b", group="g")
    assert door.outgoing.waiting == ids
    assert door.outgoing.remove(ids[0])
    door.sender.may_prepare.set()
    await settle()
    assert door.sender.sent == [["b"]]
    assert await door.states(ids) == [PREPARED, ACCEPTED]


@pytest.mark.expects_errors
async def test_a_fault_of_our_own_leaves_a_claimed_group_uncertain(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    door.sender.send_error = KeyError("ours")
    ids = await door.add("a", "b", group="g")
    assert await door.states(ids) == [UNCERTAIN] * 2
    assert "unforeseen" in caplog.text
