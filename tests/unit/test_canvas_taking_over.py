"""Taking a lock away: the canvas's history here tells of it as it went, and not before."""

from __future__ import annotations

import pytest

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import AppError, Offline, Refused, TimedOut
from scenario_desktop.services.canvas.lease import Phase
from scenario_desktop.services.canvas.record import Deed
from tests.canvas_room import CANVAS, Ann
from tests.canvas_server import Fault


async def deeds(ann: Ann) -> list[Deed]:
    return [line.deed for line in await ann.at.history()]


async def refused(ann: Ann) -> None:
    ann.ben_locks(120)
    await ann.draw("s1")
    assert ann.phase == Phase.REFUSED


async def test_what_the_server_refused_was_not_taken_over(ann: Ann) -> None:
    await refused(ann)
    ann.ann.faults["unlock_asset"] = [Refused("Your role may not do this.")]
    with pytest.raises(Refused):
        await ann.at.take_over()
    assert await deeds(ann) == []
    assert ann.server.forced == []


async def test_what_was_done_without_an_answer_is_looked_at(ann: Ann) -> None:
    await refused(ann)
    ann.ann.faults["unlock_asset"] = [Fault.AFTER]
    await ann.at.take_over()
    assert ann.phase == Phase.HELD
    assert await deeds(ann) == [Deed.FORCED]


@pytest.mark.parametrize(("fault", "error"), [(Fault.BEFORE, Offline), (Fault.LATE, TimedOut)])
async def test_without_an_answer_the_history_says_that_nobody_knows(
    ann: Ann, fault: Fault, error: type[AppError]
) -> None:
    await refused(ann)
    ann.ann.faults["unlock_asset"] = [fault]
    with pytest.raises(error):
        await ann.at.take_over()
    (line,) = await ann.at.history()
    assert line.deed is Deed.FORCING
    assert "no answer came" in line.text


async def test_when_it_cannot_be_looked_at_nobody_knows_either(ann: Ann) -> None:
    await refused(ann)
    ann.ann.faults["unlock_asset"] = [Fault.AFTER]
    looked = ann.ann.count("get_asset")
    real = ann.ann.unlock_asset

    async def then_down(
        asset_id: str, *, lock_id: str | None = None, is_forced: bool = False
    ) -> Asset:
        try:
            return await real(asset_id, lock_id=lock_id, is_forced=is_forced)
        finally:
            ann.ann.is_down = True

    ann.ann.unlock_asset = then_down  # type: ignore[method-assign]  # the answer of the test
    with pytest.raises(TimedOut):
        await ann.at.take_over()
    ann.ann.is_down = False
    assert ann.ann.count("get_asset") == looked + 2  # before and after
    assert await deeds(ann) == [Deed.FORCING]
    assert ann.server.forced == [CANVAS]
