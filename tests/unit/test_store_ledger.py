"""What may cost money is on the disk before it is sent, and stays there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.errors import NotFound
from scenario_desktop.store.ledger import Ledger, LedgerRow, LedgerState

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Now:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
async def ledger(tmp_path: Path, now: Now) -> AsyncIterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.sqlite", now=now)
    await ledger.open()
    yield ledger
    await ledger.aclose()


async def prepare(ledger: Ledger, **fields: Any) -> LedgerRow:
    values: dict[str, Any] = {
        "workspace_id": "w", "kind": "detect", "request": {"modality": "canny", "image": "a1"},
        "input_ids": ("a1",), "quoted": Decimal("3.25"),
    }  # fmt: skip
    return await ledger.prepare(**{**values, **fields})


async def test_a_row_comes_back_as_it_was_written(ledger: Ledger) -> None:
    row = await prepare(ledger, batch_id="b", extra={"title": "Canny"})
    assert row.state is LedgerState.PREPARED
    assert await ledger.rows("w") == [row]


async def test_only_one_of_many_gets_to_send(ledger: Ledger, now: Now) -> None:
    row = await prepare(ledger)
    answers = await asyncio.gather(*(ledger.claim(row.id) for _ in range(10)))
    assert sorted(answers) == [False] * 9 + [True]
    assert (await ledger.get(row.id)).submitted_at == NOON


async def test_a_row_walks_to_its_end(ledger: Ledger, now: Now) -> None:
    row = await prepare(ledger)
    await ledger.claim(row.id)
    await ledger.accept(row.id, "job_1")
    now.at += timedelta(seconds=30)
    await ledger.update(
        row.id,
        state=LedgerState.SUCCEEDED,
        result_ids=("a2",),
        charged=Decimal("3"),
        progress=1.0,
        queue_s=2.5,
    )
    found = await ledger.by_job_id("w", "job_1")
    assert found is not None
    assert (found.state, found.result_ids, found.charged) == ("succeeded", ("a2",), Decimal("3"))
    assert found.ended_at == now.at


async def test_rows_are_chosen_by_state_and_cleared(ledger: Ledger, now: Now) -> None:
    first = await prepare(ledger)
    now.at += timedelta(seconds=1)
    second = await prepare(ledger)
    await ledger.mark_uncertain(first.id, "timed out")
    uncertain = await ledger.rows("w", states=[LedgerState.UNCERTAIN])
    assert [row.error for row in uncertain] == ["timed out"]
    await ledger.clear([first.id])
    assert [row.id for row in await ledger.rows("w")] == [second.id]
    assert len(await ledger.rows("w", has_cleared=True)) == 2
    assert await ledger.rows("other") == []


async def test_spending_counts_what_was_sent(ledger: Ledger, now: Now) -> None:
    for state, charged in [
        (None, None),  # prepared only
        (LedgerState.NOT_SENT, None),
        (LedgerState.UNCERTAIN, None),  # 3.25
        (LedgerState.SUCCEEDED, Decimal("2.5")),  # 2.5
        (LedgerState.FAILED, None),
    ]:
        row = await prepare(ledger)
        if state is not None:
            await ledger.claim(row.id)
            await ledger.update(row.id, state=state, charged=charged)
    assert await ledger.spent_since(NOON, "w") == Decimal("5.75")
    assert await ledger.spent_since(NOON + timedelta(hours=1)) == 0


async def test_unknown_rows_and_fields_are_refused(ledger: Ledger) -> None:
    with pytest.raises(NotFound):
        await ledger.update("nobody", progress=0.5)
    row = await prepare(ledger)
    with pytest.raises(TypeError):
        await ledger.update(row.id, workspace_id="else")


async def test_odd_texts_are_kept_readable(ledger: Ledger) -> None:
    row = await prepare(ledger, request={"name": "a\ud800b"})
    row = await ledger.update(row.id, error="x\0y\udfff")
    assert row.error == "xy?"


async def test_a_damaged_ledger_is_set_aside_told_and_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    first = Ledger(path)
    await first.open()
    for _ in range(20):
        await prepare(first)
    await first.aclose()
    (tmp_path / "ledger.sqlite-damaged").touch()  # as left behind when damage was met
    second = Ledger(path)
    await second.open()
    assert second.notice is not None
    assert "20 of its entries" in second.notice.message
    assert len(await second.rows("w")) == 20
    await second.aclose()


async def test_an_unreadable_ledger_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"")
    ledger = Ledger(path)
    await ledger.open()
    assert ledger.notice is not None
    assert await ledger.rows() == []
    await ledger.aclose()
