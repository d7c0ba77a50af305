"""Results of a canvas that was cropped while they were being made."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPointF, QRect

from scenario_desktop.canvas.format import GroupLayer, ShapeLayer
from scenario_desktop.ui.panels.canvas.exchange import origins
from scenario_desktop.ui.panels.canvas.exchange.origins import Frame, Origin
from scenario_desktop.ui.panels.canvas.pixels import drawing
from tests.widget.canvas_support import paint
from tests.widget.test_canvas_pictures import Desk, item

BOX = ShapeLayer(id="s", name="Box", width=40, height=20, fill="#ff0000")


@pytest.fixture
def desk(qapp: Any, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.page.deleteLater()


def corner(desk: Desk) -> QPointF:
    return drawing.bounds_of(desk.active(), desk.editor.pixels).topLeft()


async def test_what_was_made_of_the_canvas_lies_on_what_is_left_of_it(
    qt_loop: Any, desk: Desk
) -> None:
    desk.open("c_1", paint("a"), BOX)
    await desk.run("detect")
    desk.editor.resize(QRect(30, 20, 100, 60))
    await desk.pictures.place_result(item("result"), desk.detected[0][2])
    assert corner(desk) == QPointF(-30, -20)


async def test_a_layer_that_was_moved_by_hand_is_no_crop(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", BOX)
    await desk.run("detect")
    moved = BOX.transform.model_copy(update={"x": 50.0})
    desk.editor.change_layer("s", "Move {}", "move", transform=moved)
    await desk.pictures.place_result(item("result"), desk.detected[0][2])
    assert corner(desk) == QPointF(0, 0)


async def test_what_was_made_of_a_group_follows_a_crop(qt_loop: Any, desk: Desk) -> None:
    inner = BOX.model_copy(update={"parent": "g"})
    desk.open("c_1", inner, GroupLayer(id="g", name="Group"))
    desk.editor.set_active("g")
    await desk.run("detect_layer")
    desk.editor.resize(QRect(10, 10, 100, 60))
    await desk.pictures.place_result(item("result"), desk.detected[0][2])
    assert corner(desk) == QPointF(-10, -10)


def test_a_frame_survives_being_saved() -> None:
    origin = Origin("c", "", 0, 0, 30, 40, frame=Frame(30, 40, {"a": (1.0, 2.5)}))
    stored = json.loads(json.dumps({"a": origin.to_dict(), "b": {**origin.to_dict(), "frame": 7}}))
    assert origins.read_origins(stored) == {"a": origin}
