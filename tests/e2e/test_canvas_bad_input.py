"""Canvases that nobody should have saved, opened in the real window: told, and left as they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scenario_desktop.api.models.assets import AssetCreate, AssetUpdate
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, Mask, PaintLayer, PictureLayer, Tile
from scenario_desktop.services.canvas.lease import LeaseTimes
from scenario_desktop.services.canvas.room import CanvasTimes
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.desk import PATIENCE_S, error_card, session_of, texts, toast
from tests.support import until

QUICK = CanvasTimes(lease=LeaseTimes(pulse_s=0.2), draft_s=0.1)
GOOD: dict[str, Any] = {
    "format": canvas_format.FORMAT, "version": 1, "width": 64, "height": 64, "layers": [],
}  # fmt: skip


def group(number: int, parent: int) -> dict[str, Any]:
    return {"kind": "group", "id": f"g{number}", "parent": f"g{parent}"}


def shape(number: int, **transform: Any) -> dict[str, Any]:
    return {
        "kind": "shape", "id": f"s{number}", "name": f"Box {number}", "width": 8, "height": 8,
        "fill": "#ff0000", "transform": transform,
    }  # fmt: skip


BAD = {
    "not JSON": ("{", "not JSON"),
    "a later version": (json.dumps({**GOOD, "version": 99}), "later version"),
    "cycles": (json.dumps({**GOOD, "layers": [group(1, 2), group(2, 1)]}), "contain each other"),
    "NaN": (json.dumps({**GOOD, "layers": [shape(1, x=float("nan"))]}), "Box 1"),
    "too many layers": (json.dumps({**GOOD, "layers": [shape(n) for n in range(1001)]}), "1,001"),
}


async def made(ann: CanvasDesk, text: str) -> str:
    asset = await ann.ben.create_canvas(AssetCreate(name="Odd", canvas=text))
    await session_of(ann.program).library.bring([asset.id])
    return asset.id


@pytest.mark.parametrize("case", list(BAD))
@at_the_desk(QUICK)
async def test_a_damaged_canvas_is_told_and_left_alone(ann: CanvasDesk, case: str) -> None:
    text, said = BAD[case]
    canvas_id = await made(ann, text)
    await ann.open(canvas_id)
    await until(lambda: any(said in t for t in texts(ann.window)), timeout_s=PATIENCE_S)
    assert ann.editor.read_only
    assert not error_card(ann.program)
    ann.editor.add_paint_layer()
    assert not ann.session.is_unsaved
    assert await ann.ben.canvas_text(canvas_id) == text
    await ann.start()  # the editor is still good for others
    await ann.hold()


@at_the_desk(QUICK)
async def test_a_thousand_layers_can_be_worked_on(ann: CanvasDesk) -> None:
    layers = [*(shape(n, x=n % 60) for n in range(999)), {"kind": "paint", "id": "paint"}]
    await ann.open(await made(ann, json.dumps({**GOOD, "width": 480, "height": 320,
                                               "layers": layers})))  # fmt: skip
    assert not ann.editor.read_only
    await ann.hold()
    await ann.session.save()
    assert len((await ann.on_server()).layers) == 1000


@at_the_desk(QUICK)
async def test_layers_whose_assets_are_gone_keep_their_place(ann: CanvasDesk) -> None:
    document = Document(
        width=480, height=320, background="#ffffff",
        layers=(
            PictureLayer(id="gone", name="Lake", asset_id="asset_gone", width=40, height=30),
            PaintLayer(id="paint", name="Clouds"),
        ),
    )  # fmt: skip
    await ann.open((await ann.make(document=document)).id)
    assert "could not be loaded" in toast(ann.program)
    assert ann.color(20, 15) != "#ffffff"  # a broken layer is drawn where it lies
    ann.editor.set_active("paint")
    await ann.hold()
    await ann.session.save()
    kept = await ann.on_server()
    assert "asset_gone" in kept.asset_ids()
    assert kept.layers[0] == document.layers[0]


@at_the_desk(QUICK)
async def test_paint_whose_asset_is_gone_is_not_lost_by_a_save(ann: CanvasDesk) -> None:
    tile = Tile(x=0, y=0, width=64, height=64, asset_id="asset_gone")
    mask = Mask(id="m", tiles=(tile.model_copy(update={"asset_id": "asset_gone_too"}),))
    document = Document(
        width=480, height=320, background="#ffffff",
        layers=(
            PaintLayer(id="p", name="Sea", tiles=(tile,)),
            PaintLayer(id="q", name="Sand", mask=mask),
            PaintLayer(id="paint", name="Clouds"),
        ),
    )  # fmt: skip
    await ann.open((await ann.make(document=document)).id)
    assert not ann.editor.read_only
    assert ann.color(32, 1) != "#ffffff"  # its place is marked
    ann.editor.set_active("p")
    ann.draw(20)
    assert toast(ann.program).startswith("“Sea” could not be loaded")
    assert not ann.session.is_unsaved
    ann.editor.set_active("paint")
    await ann.hold()
    await ann.session.save()
    kept = await ann.on_server()
    assert kept.layers[:2] == document.layers[:2]
    assert kept.layers[2] != document.layers[2]


@at_the_desk(QUICK)
async def test_a_version_that_is_damaged_later_stops_drawing(ann: CanvasDesk) -> None:
    ann.hurry(CanvasTimes(lease=LeaseTimes(look_s=0.2, pulse_s=0.1), draft_s=0.1))
    await ann.start()
    await ann.ben.update_asset(ann.canvas_id, AssetUpdate(canvas="{"))
    await until(lambda: ann.editor.read_only, timeout_s=PATIENCE_S)
    await ann.settled("reload")
    ann.draw()
    assert not ann.session.is_unsaved
    assert await ann.ben.canvas_text(ann.canvas_id) == "{"
