"""A canvas on a bad day, in the real window: odd answers, wrong clock, full disk, no network."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.assets import AssetCreate
from scenario_desktop.api.models.canvas import LockAnswer
from scenario_desktop.api.transport import Call
from scenario_desktop.canvas.format import Document, PaintLayer, PictureLayer
from scenario_desktop.errors import AppError, BadInput, Forbidden, NotFound, Unreachable
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.canvas.drafts import Disk
from scenario_desktop.services.canvas.lease import LeaseTimes, Phase, Refusal
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.services.clock import Clock
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerRole
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk, canvas_desk
from tests.e2e.desk import PATIENCE_S, error_card, session_of, texts
from tests.support import until

LEASE = LeaseTimes(look_s=0.3, retry_s=0.3, pulse_s=0.2)
QUICK = CanvasTimes(lease=LEASE, draft_s=0.1, draft_retry_s=0.1)
FOREIGN = json.dumps({"nodes": [{"type": "image", "name": "Knight"}]})
HOURS_OFF = timedelta(hours=2)


class WrongClock(Clock):
    """The clock of a computer that was set wrongly."""

    def now(self) -> datetime:
        return datetime.now(UTC) + HOURS_OFF


class Wire:
    """Stands before a connection: counts what is sent, and lets nothing through when it is cut."""

    def __init__(self, ann: CanvasDesk) -> None:
        transport = session_of(ann.program).client._connection.transport
        self._send: Callable[[Call], Awaitable[Any]] = transport.send
        self.is_cut = False
        self.sent: list[str] = []
        transport.send = self.send  # type: ignore[method-assign]  # the network of the test

    async def send(self, call: Call) -> Any:
        if self.is_cut:
            raise Unreachable("No connection to the server.")
        self.sent.append(f"{call.method} {call.url.partition('?')[0].rpartition('/')[2]}")
        return await self._send(call)


def files_with(folder: Path, content: bytes) -> list[Path]:
    """Return the files below a folder that hold just this."""
    size = len(content)
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_size == size and path.read_bytes() == content
    ]


async def test_a_huge_canvas_is_told_and_left_alone(qt_loop: Any, tmp_path: Path) -> None:
    async with canvas_desk(tmp_path / "d") as ann:
        ann.hurry(QUICK)
        asset = await ann.make("Huge")
        text = await ann.ben.canvas_text(asset.id)
        (stored,) = files_with(tmp_path / "d", text.encode())
        stored.write_bytes(text.encode() + b" " * 50 * 2**20)
        await ann.open(asset.id)
        await until(lambda: any("too large" in t for t in texts(ann.window)), timeout_s=PATIENCE_S)
        ann.draw()
        assert ann.controller.session is None or not ann.session.is_unsaved
        assert stored.stat().st_size > 50 * 2**20
        await ann.start()  # the editor is still good for others
        await ann.hold()


@at_the_desk(QUICK)
async def test_a_thousand_layers_are_scrolled_through(ann: CanvasDesk) -> None:
    layers = tuple(PaintLayer(id=f"p{n}", name=f"Clouds {n}") for n in range(1000))
    document = Document(width=480, height=320, background="#ffffff", layers=layers)
    await ann.open((await ann.make(document=document)).id)
    rows = ann.controller.dock.layers
    ann.editor.set_active("p0")  # the last one of the list
    await ann.hold()
    assert ann.is_drawn
    last = rows.visualRect(ann.controller.dock.model.index(999))
    shown = rows.mapTo(ann.controller.dock, last.center())
    assert ann.controller.dock.rect().contains(shown)
    ann.editor.undo()
    assert not ann.is_drawn


@pytest.mark.parametrize("error", [Forbidden, NotFound, BadInput])
@at_the_desk(QUICK)
async def test_only_the_layer_that_cannot_be_had_is_broken(
    ann: CanvasDesk, error: type[AppError]
) -> None:
    previews = session_of(ann.program).previews
    large = previews.large

    async def answer(item: Item, max_px: int) -> Picture:
        if item.id == "asset_bad":
            raise error("It cannot be had.")
        return await large(item, max_px)

    previews.large = answer  # type: ignore[method-assign]  # the answer of the test
    layers = (
        PictureLayer(id="bad", name="Lake", asset_id="asset_bad", width=60, height=40),
        PaintLayer(id="paint", name="Clouds"),
    )
    document = Document(width=480, height=320, background="#ffffff", layers=layers)
    await ann.open((await ann.make(document=document)).id)
    model = ann.controller.dock.model
    broken = [model.index(row).data(LayerRole.IS_BROKEN) for row in range(2)]
    assert broken == [False, True]
    assert not ann.editor.read_only
    ann.editor.set_active("paint")
    await ann.hold()
    await ann.session.save()
    assert (await ann.on_server()).layers[0] == layers[0]


async def test_a_picture_that_does_not_decode_leaves_the_rest(qt_loop: Any, tmp_path: Path) -> None:
    async with canvas_desk(tmp_path / "d") as ann:
        ann.hurry(QUICK)
        client, session = ann.ben, session_of(ann.program)
        asset = await client.create_canvas(AssetCreate(name="Odd", canvas=FOREIGN))
        await session.library.bring([asset.id])

        async def garbage(item: Item, max_px: int) -> Picture:
            raise BadInput("The picture is damaged.")

        session.previews.large = garbage  # type: ignore[method-assign]  # the answer of the test
        await ann.open(asset.id)
        await until(lambda: any("another program" in t for t in texts(ann.window)))
        assert ann.controller.dock.foreign.accessibleDescription() == "Knight image"
        await ann.session.rename("Odd one")
        assert (await client.get_asset(asset.id)).name == "Odd one"
        assert await client.canvas_text(asset.id) == FOREIGN


@at_the_desk(QUICK)
async def test_without_the_number_of_the_lock_nothing_is_saved(ann: CanvasDesk) -> None:
    client = session_of(ann.program).client
    lock_asset = client.lock_asset

    async def nameless(asset_id: str, until: datetime) -> LockAnswer:
        asset = (await lock_asset(asset_id, until)).asset
        return LockAnswer(asset=asset, lock_id=None)

    client.lock_asset = nameless  # type: ignore[method-assign]  # the answer of the test
    await ann.start()
    first, before = ann.canvas_id, await ann.ben.canvas_text(ann.canvas_id)
    ann.draw()
    dialog = await ann.question()
    assert dialog.question.title == "This canvas cannot be saved from here"
    assert "kept in a draft" in dialog.question.text
    assert ann.session.lease.refusal is Refusal.NO_ID
    await ann.choose("Save my version as a copy")
    await until(lambda: ann.controller.session and ann.canvas_id != first, timeout_s=PATIENCE_S)
    await ann.settled("open")
    assert ann.is_drawn
    assert await ann.ben.canvas_text(first) == before


async def test_a_clock_two_hours_off_is_told_and_does_no_harm(qt_loop: Any, tmp_path: Path) -> None:
    async with canvas_desk(tmp_path / "d") as ann:
        transport = session_of(ann.program).client._connection.transport
        off_s = HOURS_OFF.total_seconds()
        transport._clock = replace(transport._clock, wall=lambda: time.time() + off_s)
        ann.hurry(QUICK, WrongClock())
        await ann.start()
        await ann.hold()
        bar = ann.controller.page.lock_bar.state
        assert bar.kind is LockKind.MINE
        assert "clock is 2 h fast" in bar.note.replace("\u00a0", " ")
        left = ann.session.lease.seconds_left(ann.session.now())
        assert left is not None
        assert 200 < left <= 300
        await ann.session.save()
        assert (await ann.on_server()).asset_ids()
        await ann.session.release()
        await ann.ben_locks()
        ann.draw(200)
        dialog = await ann.question()  # refused as with any other clock
        assert dialog.question.title == "Somebody else holds this canvas"


@at_the_desk(QUICK)
async def test_a_full_disk_while_drafting_is_told_and_drawing_goes_on(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()

    class Full(Disk):
        def write(self, path: Path, data: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    drafts = session_of(ann.program).canvases._room.drafts
    drafts._disk, room = Full(), drafts._disk
    ann.draw(200)
    await until(lambda: error_card(ann.program), timeout_s=PATIENCE_S)
    assert "The draft is not kept" in texts(ann.window)
    ann.draw(250)
    assert ann.color(100, 250) == "#d03050"
    await ann.session.save()  # the server has room
    assert (await ann.on_server()).asset_ids()
    ann.draw(60)
    drafts._disk = room
    await until(lambda: ann.session.is_drafted, timeout_s=PATIENCE_S)
    await until(lambda: "The draft is not kept" not in texts(ann.window))


@at_the_desk(QUICK)
async def test_offline_only_what_is_held_is_edited(ann: CanvasDesk) -> None:
    await ann.start()
    held = ann.canvas_id
    other = (await ann.make("Not held")).id
    await ann.hold()
    wire = Wire(ann)
    wire.is_cut = True
    ann.draw(200)
    await until(lambda: ann.session.is_drafted, timeout_s=PATIENCE_S)
    ann.controller.save()
    await ann.settled("save")
    await until(lambda: ann.session.lease.is_offline, timeout_s=PATIENCE_S)
    assert ann.controller.page.lock_bar.state.kind is LockKind.OFFLINE
    assert not ann.editor.read_only
    assert ann.color(100, 200) == "#d03050"
    wire.is_cut = False
    wire.sent.clear()
    await ann.held()
    await ann.session.save()
    # Whose the canvas is, and what it holds, is asked before anything goes out.
    creating = [number for number, call in enumerate(wire.sent) if call.startswith("POST")]
    looks = [number for number, call in enumerate(wire.sent) if call.startswith("GET")]
    assert looks[0] < creating[0]
    assert (await ann.on_server()).asset_ids()
    await ann.session.release()
    await ann.open(other)
    wire.is_cut = True
    ann.draw()
    dialog = await ann.question()
    assert dialog.question.title == "You are offline"
    assert not ann.is_drawn
    assert ann.session.lease.phase is Phase.REFUSED
    wire.is_cut = False
    await ann.choose("Tell me when I am online")
    await ann.choose("Go on with my draft")
    await ann.held()
    await until(lambda: ann.is_drawn, timeout_s=PATIENCE_S)
    assert held != other


@at_the_desk(QUICK)
async def test_what_was_drawn_offline_never_overwrites_a_save(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.hold()
    wire = Wire(ann)
    wire.is_cut = True
    ann.draw(200)
    await until(lambda: ann.session.is_drafted, timeout_s=PATIENCE_S)
    ann.controller.save()
    await ann.settled("save")
    await ann.ben_forces()
    await ann.ben_saves("#2060c0")
    theirs = await ann.ben.canvas_text(ann.canvas_id)
    wire.is_cut = False
    ann.controller.save()
    await ann.settled("save")
    lease = ann.session.lease
    assert lease.is_changed or lease.phase is Phase.LOST
    assert await ann.ben.canvas_text(ann.canvas_id) == theirs
    assert ann.color(100, 200) == "#d03050"
    assert ann.session.is_unsaved
    assert ann.session.is_drafted
    await until(lambda: ann.is_asked() or "Keep mine" in texts(ann.window), timeout_s=PATIENCE_S)
