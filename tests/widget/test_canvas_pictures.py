"""Pictures onto the canvas and off it: detect and back, copies between canvases."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QColor, QImage, QPainterPath
from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas.format import (
    Document,
    GroupLayer,
    PaintLayer,
    PictureLayer,
    ShapeLayer,
    TextLayer,
    Transform,
)
from scenario_desktop.items import Item, Source
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange import origins
from scenario_desktop.ui.panels.canvas.exchange.clipboard import Clipboard
from scenario_desktop.ui.panels.canvas.exchange.keeping import Keeping
from scenario_desktop.ui.panels.canvas.exchange.origins import Origin
from scenario_desktop.ui.panels.canvas.exchange.pictures import Pictures
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from tests.fakes import FakeNotices
from tests.widget.canvas_panel_support import FakeItems, FakePictures
from tests.widget.canvas_support import BLUE, RED, color, paint, picture, stroke

TURNED = Transform(x=60, y=30, scale_x=0.5, scale_y=0.5, angle=90)


class Desk:
    """A canvas that can be changed for another, as closing and opening does."""

    def __init__(self, folder: Path) -> None:
        self.editor, self.settings = Editor(), ToolSettings()
        self.page = CanvasPage(self.editor, self.settings)
        self.editor.setParent(self.page)
        self.settings.setParent(self.page)
        self.keeping = Keeping(self.editor)
        self.messages, self.images = FakeNotices(), FakePictures()
        self.session: Any = None
        self.folder = folder
        self.board = Clipboard()
        self.detected: list[tuple[Any, str, Origin]] = []
        self.pictures = self.make("ws_1")

    def make(self, workspace: str) -> Pictures:
        ports = CanvasPorts(
            None,  # type: ignore[arg-type]  # nothing is opened here
            self.images,
            FakeItems(),
            self.messages,
            workspace,
        )
        made = Pictures(
            self.page, self.editor, self.keeping, ports, self.folder, lambda: self.session,
            self.board, parent=self.page,
        )  # fmt: skip
        made.detect_requested.connect(lambda *told: self.detected.append(told))
        return made

    def open(self, canvas: str, *layers: Any, pixels: Pixels | None = None) -> None:
        asset = SimpleNamespace(id=canvas, name="Ember Valley")
        self.session = SimpleNamespace(asset=asset)
        pixels = pixels or Pixels()
        document = Document(width=200, height=100, layers=layers)
        self.keeping.begin(document, pixels, {})
        self.editor.open(document, pixels)

    async def run(self, name: str) -> None:
        self.pictures.actions[name].trigger()
        await self.pictures.actions[name].settle()

    def active(self) -> Any:
        return self.editor.active


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.page.deleteLater()
    qapp.clipboard().clear()


def item(asset_id: str, **values: Any) -> Item:
    values = {"source": Source.SCENARIO, "name": "Canny of Sky", **values}
    return SimpleNamespace(id=asset_id, **values)  # type: ignore[return-value]


async def test_a_layer_goes_to_detect_at_its_own_size(qt_loop: Any, desk: Desk) -> None:
    shape = ShapeLayer(
        id="s", name="Box", width=40, height=20, fill="#ff0000", opacity=0.5, transform=TURNED
    )
    desk.open("c_1", shape)
    await desk.run("detect_layer")
    path, name, origin = desk.detected[0]
    image = QImage(str(path))
    assert (image.width(), image.height(), name) == (40, 20, "Box")
    assert image.pixelColor(5, 5) == RED  # neither turned nor faded
    assert (origin.canvas_id, origin.layer_id, origin.transform) == ("c_1", "s", TURNED)


async def test_a_picture_of_the_library_is_not_sent_again(qt_loop: Any, desk: Desk) -> None:
    pixels = Pixels()
    desk.open("c_1", picture("p", BLUE, pixels), pixels=pixels)
    await desk.run("detect_layer")
    assert desk.detected[0][:2] == ("p", "p")


async def test_an_empty_layer_says_so(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    await desk.run("detect_layer")
    assert not desk.detected
    assert "nothing on" in desk.messages.toasts[0]


async def test_a_result_covers_what_it_was_made_from(qt_loop: Any, desk: Desk) -> None:
    shape = ShapeLayer(id="s", name="Box", width=40, height=20, fill="#ff0000", transform=TURNED)
    desk.open("c_1", shape, paint("top"))
    before = drawing.bounds_of(shape, desk.editor.pixels)
    desk.editor.set_active("s")
    await desk.run("detect_layer")
    origin = desk.detected[0][2]
    # The result has another size than what it was made from, and it is blue.
    assert await desk.pictures.place_result(item("result"), origin)
    made = desk.active()
    assert (made.asset_id, made.width, made.height) == ("result", 8, 8)
    box = drawing.bounds_of(made, desk.editor.pixels)
    assert box.toAlignedRect() == before.toAlignedRect()
    assert [one.id for one in desk.editor.document.layers] == ["s", made.id, "top"]
    assert color(desk.editor, 55, 40) == BLUE


async def test_a_result_follows_a_layer_that_was_moved(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", ShapeLayer(id="s", name="Box", width=40, height=20, fill="#ff0000"))
    await desk.run("detect_layer")
    desk.editor.change_layer("s", "Move {}", "move", transform=Transform(x=100, y=50))
    await desk.pictures.place_result(item("result"), desk.detected[0][2])
    assert drawing.bounds_of(desk.active(), desk.editor.pixels).topLeft() == QPointF(100, 50)


async def test_a_result_of_another_canvas_comes_to_the_middle(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", ShapeLayer(id="s", name="Box", width=40, height=20, fill="#ff0000"))
    await desk.run("detect")
    desk.open("c_2", paint("a"))
    await desk.pictures.place_result(item("result"), desk.detected[0][2])
    box = drawing.bounds_of(desk.active(), desk.editor.pixels)
    assert box.center() == QPointF(100, 50)


async def test_the_whole_canvas_comes_back_as_large_as_it_is(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    await desk.run("detect")
    assert desk.detected[0][0].name == "Ember Valley.png"
    await desk.pictures.place_result(item("result"), desk.detected[0][2])
    assert drawing.bounds_of(desk.active(), desk.editor.pixels).toRect() == desk.editor.rect


async def test_a_picture_of_the_other_service_brings_its_pixels(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    await desk.pictures.place_result(item("prediction", source=Source.SARTIQ), None)
    made = desk.active()
    assert (made.asset_id, made.blob in desk.keeping.files) == ("", True)


async def test_a_canvas_for_looking_takes_no_result(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    desk.editor.set_read_only("looking")
    assert not await desk.pictures.place_result(item("result"), None)


def test_origins_survive_being_saved() -> None:
    origin = Origin("c", "l", 1, 2, 30, 40, TURNED)
    assert origins.read_origins({"a": origin.to_dict(), "b": {"x": 1}, "c": 7}) == {"a": origin}


async def test_a_paint_layer_is_pasted_on_the_next_canvas(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a", opacity=0.5, blend="screen"))
    stroke(desk.editor, [(20, 20), (60, 20)])
    desk.pictures.copy()
    desk.open("c_2", paint("b"))
    await desk.run("paste")
    made = desk.active()
    assert isinstance(made, PaintLayer)
    assert (made.id != "a", made.opacity, made.blend.value) == (True, 0.5, "screen")
    desk.editor.change_layer(made.id, "x", "", opacity=1.0, blend="normal")
    assert color(desk.editor, 40, 20) == RED
    drawn = await desk.keeping.draft()
    assert drawn.blobs  # what was pasted is kept with the canvas


async def test_painting_on_the_copy_leaves_the_copied(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    stroke(desk.editor, [(20, 20)])
    desk.pictures.copy()
    await desk.run("paste")
    stroke(desk.editor, [(20, 20)], BLUE)
    await desk.run("paste")
    assert color(desk.editor, 20, 20) == RED
    assert [one.name for one in desk.editor.document.layers] == ["a", "a copy", "a copy 2"]


async def test_a_group_is_pasted_with_what_is_in_it(qt_loop: Any, desk: Desk) -> None:
    words = TextLayer(id="t", name="Title", text="Hi", parent="g")
    inner = paint("a", parent="g")
    desk.open("c_1", words, inner, GroupLayer(id="g", name="Set", opacity=0.9), paint("b"))
    desk.editor.set_active("a")
    stroke(desk.editor, [(30, 80)])
    desk.editor.set_active("g")
    desk.pictures.copy()
    desk.open("c_2", paint("z"))
    await desk.run("paste")
    document = desk.editor.document
    group = desk.active()
    assert isinstance(group, GroupLayer)
    assert [one.name for one in document.children(group.id)] == ["Title", "a"]
    assert len(desk.editor.history.done) == 1
    desk.editor.undo()
    assert [one.id for one in desk.editor.document.layers] == ["z"]


async def test_a_layer_that_lay_outside_comes_to_the_middle(qt_loop: Any, desk: Desk) -> None:
    far = Transform(x=150, y=60)
    shape = ShapeLayer(id="s", name="Box", width=40, height=20, fill="#ff0000", transform=far)
    desk.open("c_1", shape)
    desk.pictures.copy()
    desk.open("c_2", paint("b"))
    desk.editor.resize(QRect(0, 0, 50, 50))
    await desk.run("paste")
    box = drawing.bounds_of(desk.active(), desk.editor.pixels)
    assert box.center() == QPointF(25, 25)


async def test_pictures_of_another_workspace_bring_their_pixels(qt_loop: Any, desk: Desk) -> None:
    pixels = Pixels()
    desk.open("c_1", picture("p", BLUE, pixels), pixels=pixels)
    desk.pictures.copy()
    desk.open("c_2", paint("b"))
    await desk.run("paste")
    assert desk.active().asset_id == "p"
    desk.pictures = desk.make("ws_2")
    desk.open("c_3", paint("b"))
    await desk.run("paste")
    made = desk.active()
    assert isinstance(made, PictureLayer)
    assert (made.asset_id, made.blob in desk.keeping.files) == ("", True)
    assert color(desk.editor, 10, 10) == BLUE


async def test_what_is_masked_is_pasted_where_it_was(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    stroke(desk.editor, [(20, 20), (60, 20)])
    path = QPainterPath()
    path.addRect(30, 15, 20, 10)
    desk.editor.set_selection(path)
    desk.pictures.copy()
    desk.open("c_2", paint("b"))
    await desk.run("paste")
    made = desk.active()
    assert isinstance(made, PictureLayer)
    assert (made.transform.x, made.transform.y, made.width, made.height) == (30, 15, 20, 10)


async def test_a_picture_of_another_program_becomes_a_layer(qt_loop: Any, desk: Desk) -> None:
    image = QImage(12, 6, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff0000"))
    QApplication.clipboard().setImage(image)
    desk.open("c_1", paint("a"))
    await desk.run("paste")
    assert color(desk.editor, 100, 50) == RED
    QApplication.clipboard().setText("words")
    await desk.run("paste")
    assert "no picture" in desk.messages.toasts[-1]


async def test_other_programs_get_the_layer_as_a_picture(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    stroke(desk.editor, [(20, 20)])
    desk.pictures.copy()
    image = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (20, 20)
    assert image.pixelColor(10, 10) == RED
    assert image.pixelColor(0, 0).alpha() == 0


def test_a_program_that_has_copied_ends_well() -> None:
    code = (
        "from PySide6.QtCore import QPoint\n"
        "from PySide6.QtGui import QImage\n"
        "from PySide6.QtWidgets import QApplication\n"
        "from scenario_desktop.ui.panels.canvas.exchange.clipboard import Clip, Clipboard\n"
        "app = QApplication([])\n"
        "board = Clipboard()\n"
        "board.put(Clip('', QImage(9, 9, QImage.Format.Format_RGB32), QPoint()))\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=60)
    assert done.returncode == 0


async def test_nothing_is_placed_on_a_canvas_that_came_meanwhile(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    desk.pictures.actions["place"].trigger([7], [], QPointF(50, 50))
    await asyncio.sleep(0)  # it is on its way now
    desk.open("c_2", paint("b"))
    await desk.pictures.actions["place"].settle()
    assert [one.id for one in desk.editor.document.layers] == ["b"]


async def test_cutting_takes_the_layer_away(qt_loop: Any, desk: Desk) -> None:
    desk.open("c_1", paint("a"))
    stroke(desk.editor, [(20, 20)])
    desk.pictures.cut()
    assert desk.editor.document.layers == ()
    await desk.run("paste")
    assert color(desk.editor, 20, 20) == RED
