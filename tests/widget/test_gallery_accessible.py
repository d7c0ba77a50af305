"""The grid for assistive tools."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication

from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery import accessible
from scenario_desktop.ui.panels.gallery.cells import WorkCell
from scenario_desktop.ui.panels.gallery.grid import GridView
from scenario_desktop.ui.panels.gallery.order import KeyOrder
from tests.widget.gallery_support import item


@pytest.fixture
def grid(qapp: QApplication) -> Iterator[GridView]:
    accessible.install()
    store = PictureStore()
    known = {key: item(key, is_favourite=key == 499) for key in range(1, 501)}
    known[498] = item(498, modality="canny")
    grid = GridView(store, known.get)
    grid.resize(900, 600)
    order = KeyOrder(range(500, 0, -1)).with_beside([(500, -1)])
    grid.set_order(order, [WorkCell(-1, 500, "job", "Pose")])
    grid.show()
    yield grid
    grid.close()
    grid.deleteLater()
    store.close()


def test_cells_in_view_are_entries_with_names_and_states(grid: GridView) -> None:
    grid.choose(499)
    found = QAccessible.queryAccessibleInterface(grid)
    assert found.role() == QAccessible.Role.List
    assert found.childCount() == len(grid.cells_in_view()) < 100
    names = [found.child(index).text(QAccessible.Text.Name) for index in range(4)]
    assert names == ["Picture 0500", "Pose, in work", "Picture 0499, favourite",
                     "Picture 0498, Canny"]  # fmt: skip
    assert found.child(2).state().selected
    assert not found.child(0).state().selected
    assert found.indexOfChild(found.focusChild()) == 2


def test_places_follow_the_scroll(grid: GridView) -> None:
    found = QAccessible.queryAccessibleInterface(grid)
    first = found.child(0)
    grid.verticalScrollBar().setValue(2000)
    assert first.text(QAccessible.Text.Name) != "Picture 0500"
    middle = first.rect().center()
    assert found.indexOfChild(found.childAt(middle.x(), middle.y())) == 0
    assert found.child(5000) is None


def test_it_outlives_no_grid(grid: GridView) -> None:
    for _ in range(20):
        store = PictureStore()
        other = GridView(store, lambda key: item(key))
        other.set_order(KeyOrder(range(1, 50)))
        found = QAccessible.queryAccessibleInterface(other)
        assert found.childCount() == len(other.cells_in_view())
        del found
        other.deleteLater()
        store.close()
        QApplication.processEvents()
