"""A history longer than one page of it: read on to its end in the real window."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from scenario_desktop.api.models.assets import AssetUpdate
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.services.canvas.lease import LeaseTimes
from scenario_desktop.services.canvas.room import CanvasTimes
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.desk import PATIENCE_S
from tests.support import until

#: Nobody looks by itself: what is listed is read when the test says so.
STILL = CanvasTimes(lease=LeaseTimes(look_s=3600.0, pulse_s=0.2), draft_s=0.1)


async def ben_saves_often(ann: CanvasDesk, canvas_id: str, count: int, first: int = 0) -> None:
    document = canvas_format.read(await ann.ben.canvas_text(canvas_id))
    for number in range(first, first + count):
        state = document.model_copy(update={"background": f"#{number:02x}4080"})
        await ann.ben.update_asset(canvas_id, AssetUpdate(canvas=canvas_format.dump(state)))


def listed(ann: CanvasDesk) -> list[str]:
    return list(ann.controller.snapshots._rows)


async def read(ann: CanvasDesk, count: int) -> None:
    snapshots = ann.controller.snapshots
    await until(lambda: len(listed(ann)) == count, timeout_s=PATIENCE_S)
    await until(
        lambda: not snapshots.reading.is_busy and not snapshots.reading_on.is_busy,
        timeout_s=PATIENCE_S,
    )


@at_the_desk(STILL)
async def test_snapshots_are_read_on_to_the_oldest(ann: CanvasDesk) -> None:
    asset = await ann.make()
    await ben_saves_often(ann, asset.id, 23)
    await ann.open(asset.id)
    dock, snapshots = ann.controller.dock, ann.controller.snapshots
    await read(ann, 10)
    assert dock.older.isVisible()
    QTest.mouseClick(dock.older, Qt.MouseButton.LeftButton)
    await read(ann, 20)
    await ben_saves_often(ann, asset.id, 1, first=200)
    snapshots.refresh()  # what was read on before stays, under what is new
    await read(ann, 21)
    dock.older.click()
    await read(ann, 24)
    assert not dock.older.isVisible()
    backgrounds = [canvas_format.read(one.raw_data).background for one in snapshots._rows.values()]
    assert backgrounds == ["#c84080", *(f"#{number:02x}4080" for number in range(22, -1, -1))]
    # A row far down has its picture once it is in sight, and can be restored.
    oldest = listed(ann)[-1]
    dock.snapshots.setFocus()
    QTest.keyClick(dock.snapshots, Qt.Key.Key_End)
    await until(
        lambda: all(row.picture for row in dock.snapshots._rows if row.key == oldest),
        timeout_s=PATIENCE_S,
    )
    await ann.session.look_again()  # restoring is refused while somebody's save is not shown
    async with ann.session._remote.turn:
        await ann.session._remote.compare()
    snapshots.restoring.trigger(oldest)
    await until(lambda: not snapshots.restoring.is_busy, timeout_s=PATIENCE_S)
    assert (await ann.on_server()).background == "#004080"


@at_the_desk(STILL)
async def test_a_draft_leaves_room_for_the_newest_snapshots_only(ann: CanvasDesk) -> None:
    asset = await ann.make()
    await ben_saves_often(ann, asset.id, 12)
    await ann.open(asset.id)
    await read(ann, 10)
    dock = ann.controller.dock
    dock.show_draft(True)
    assert not dock.older.isVisible()
    assert dock._all.isVisible()
    dock._all.click()
    assert dock.older.isVisible()
    assert not dock._all.isVisible()


@at_the_desk(STILL)
async def test_so_many_saves_that_nothing_listed_is_in_the_newest_page(ann: CanvasDesk) -> None:
    asset = await ann.make()
    await ben_saves_often(ann, asset.id, 12)
    await ann.open(asset.id)
    await read(ann, 10)
    ann.controller.dock.older.click()
    await read(ann, 12)
    await ben_saves_often(ann, asset.id, 11)
    ann.controller.snapshots.refresh()
    await read(ann, 10)
    ann.controller.dock.older.click()
    await read(ann, 20)
    ann.controller.dock.older.click()
    await read(ann, 23)
