"""Waiting for somebody else's lock goes on when the canvas is closed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from scenario_desktop.errors import StoreFailed
from scenario_desktop.services.canvas.canvases import Canvases, Freed
from scenario_desktop.services.canvas.session import CanvasSession
from tests.canvas_room import CANVAS, Ann, Screen
from tests.canvas_server import Fault, drain


class Desk:
    """Ann with a canvas that Ben holds for two minutes, and what she is told."""

    def __init__(self, ann: Ann) -> None:
        self.ann = ann
        self.canvases = Canvases(ann.room)
        self.told: list[Freed] = []
        self.canvases.became_free.connect(self.told.append)

    async def open(self, recovery_id: str | None = None) -> CanvasSession:
        screen = Screen(self.ann.server)
        session = await self.canvases.open(CANVAS, screen, recovery_id=recovery_id)
        screen.attach(session)
        self.screen = screen
        return session

    async def close_waiting(self, *strokes: str) -> None:
        """Open, draw, be refused, wait, and close."""
        session = await self.open()
        for stroke in strokes:
            self.screen.draw("sky", stroke)
            await drain()
        session.wait_until_free(True)
        await drain()
        await self.canvases.close(session)


@pytest.fixture
async def desk(ann: Ann) -> AsyncIterator[Desk]:
    await ann.at.close()
    ann.ben_locks(120)
    desk = Desk(ann)
    yield desk
    await desk.canvases.aclose()


async def test_the_draft_is_named_when_it_is_free(desk: Desk) -> None:
    await desk.close_waiting("s1")
    await desk.ann.pass_s(100)
    assert desk.told == []
    await desk.ann.pass_s(60)
    (freed,) = desk.told
    (draft,) = desk.ann.on_disk()
    assert freed == Freed(CANVAS, desk.ann.canvas.name, draft.note.id)
    session = await desk.open(freed.draft_id)
    await drain()
    assert session.lease.is_ours
    await session.save()
    assert desk.ann.shown_by_server() == {"s1"}
    await desk.ann.pass_s(200)
    assert len(desk.told) == 1


async def test_who_only_looked_is_told_as_well(desk: Desk) -> None:
    await desk.close_waiting()
    await desk.ann.pass_s(160)
    assert desk.told == [Freed(CANVAS, desk.ann.canvas.name)]


async def test_opening_it_again_ends_the_waiting(desk: Desk) -> None:
    await desk.close_waiting("s1")
    session = await desk.open()
    await desk.ann.pass_s(200)
    assert desk.told == []
    assert session.lease.until is None  # it looks by itself


async def test_who_does_not_wait_is_not_told(desk: Desk) -> None:
    session = await desk.open()
    await desk.canvases.close(session)
    looked = desk.ann.ann.count("get_asset")
    await desk.ann.pass_s(200)
    assert desk.told == []
    assert desk.ann.ann.count("get_asset") == looked


async def test_without_a_connection_it_is_looked_at_later(desk: Desk) -> None:
    await desk.close_waiting("s1")
    desk.ann.ann.is_down = True
    await desk.ann.pass_s(200)
    assert desk.told == []
    desk.ann.ann.is_down = False
    desk.ann.ann.faults["get_asset"] = [Fault.FAILED]
    await desk.ann.pass_s(100)
    assert not desk.ann.ann.faults["get_asset"]
    assert len(desk.told) == 1


async def test_a_canvas_that_is_deleted_is_waited_for_no_more(desk: Desk) -> None:
    await desk.close_waiting("s1")
    desk.ann.canvas.deleted = True
    await desk.ann.pass_s(40)
    looked = desk.ann.ann.count("get_asset")
    await desk.ann.pass_s(200)
    assert desk.told == []
    assert desk.ann.ann.count("get_asset") == looked


async def test_a_disk_that_fails_keeps_nobody_from_being_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.close_waiting("s1")

    def fail() -> None:
        raise StoreFailed("The disk fails.")

    monkeypatch.setattr(desk.ann.drafts, "recoveries", fail)
    await desk.ann.pass_s(160)
    assert desk.told == [Freed(CANVAS, desk.ann.canvas.name)]


async def test_the_end_of_the_program_ends_it(desk: Desk) -> None:
    await desk.close_waiting("s1")
    await desk.canvases.aclose()
    await desk.ann.pass_s(200)
    assert desk.told == []
