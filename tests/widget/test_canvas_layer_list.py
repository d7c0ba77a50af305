"""Rows of the list of layers, dragged to where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from scenario_desktop.canvas.format import GroupLayer
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import single
from scenario_desktop.ui.panels.canvas.layers.layer_list import LayerList, row_height
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerModel
from tests.widget.canvas_support import editor_of, paint

#: From the lowest: a, a group with b and c, an empty group, and d on top.
LAYERS = (
    paint("a"), paint("b", parent="g"), paint("c", parent="g"), GroupLayer(id="g", name="g"),
    GroupLayer(id="e", name="e"), paint("d"),
)  # fmt: skip


@pytest.fixture
def editor() -> Editor:
    return editor_of(*LAYERS)


@pytest.fixture
def rows(qapp: QApplication, editor: Editor) -> Iterator[LayerList]:
    made = LayerList(LayerModel(editor))
    made.moved.connect(partial(single.move, editor))
    made.resize(240, row_height() * 7)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def carry(rows: LayerList, layer_id: str, y: float, sideways: int = 0) -> None:
    """Drag a row to a height, counted in rows from the top."""
    left, viewport = Qt.MouseButton.LeftButton, rows.viewport()
    place = rows.visualRect(rows.model().index(order(rows).index(layer_id), 0)).center()
    end = QPoint(place.x() + sideways, round(y * row_height()))
    QTest.mousePress(viewport, left, pos=place)
    QTest.mouseMove(viewport, (place + end) / 2)
    QTest.mouseMove(viewport, end)
    rows.grab()
    QTest.mouseRelease(viewport, left, pos=end)


def order(rows: LayerList) -> list[str]:
    model = rows.model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def parents(editor: Editor) -> dict[str, str]:
    return {layer.id: layer.parent for layer in editor.document.layers if layer.parent}


def test_a_row_goes_into_a_group_over_its_middle(rows: LayerList, editor: Editor) -> None:
    assert order(rows) == ["d", "e", "g", "c", "b", "a"]
    carry(rows, "d", 1.5)
    assert parents(editor) == {"b": "g", "c": "g", "d": "e"}
    rows._layers.toggle_open("g")
    carry(rows, "a", order(rows).index("g") + 0.5)
    assert parents(editor)["a"] == "g"
    assert [layer.id for layer in editor.document.children("g")] == ["b", "c", "a"]


def test_a_row_goes_between_rows_at_their_edges(rows: LayerList, editor: Editor) -> None:
    carry(rows, "d", 2.1)
    assert order(rows) == ["e", "d", "g", "c", "b", "a"]
    assert parents(editor) == {"b": "g", "c": "g"}


@pytest.mark.parametrize(
    ("layer", "sideways", "parent"),
    [("d", 0, ""), ("d", 20, "g"), ("c", 0, "g"), ("c", -20, "")],
)
def test_below_the_last_of_a_group_a_row_keeps_its_depth_or_takes_another(
    rows: LayerList, editor: Editor, layer: str, sideways: int, parent: str
) -> None:
    carry(rows, layer, 5.0, sideways)
    assert order(rows) == [*(one for one in "degcb" if one != layer), layer, "a"]
    assert parents(editor).get(layer, "") == parent


def test_a_group_is_not_put_into_itself(rows: LayerList, editor: Editor) -> None:
    before = editor.document
    carry(rows, "g", 4.0)
    carry(rows, "g", 2.6)
    assert editor.document is before
    carry(rows, "g", 1.5)
    assert parents(editor) == {"b": "g", "c": "g", "g": "e"}
