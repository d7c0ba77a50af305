"""The head and the tools of a canvas in narrow and low windows."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from tests.widget.canvas_panel_support import canvases, panel, pictures, window

__all__ = ["canvases", "panel", "pictures", "window"]


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [420, 560, 700, 1100])
def test_saving_is_never_cut_in_the_head(window: QWidget, panel, look, scale, width) -> None:
    look.set_scale(scale)
    panel.page.set_head("Ember Valley key art", 1920, 1200)
    panel.page.set_note("Draft kept 1 s ago")
    panel.dock.hide()
    window.resize(width, 600)
    QApplication.sendPostedEvents()
    save = panel.page.save
    right = save.mapTo(panel.page, QPoint(save.width(), 0)).x()
    assert right <= panel.page.width()
    assert save.width() >= save.sizeHint().width()


@pytest.mark.parametrize("is_read_only", [False, True])
@pytest.mark.parametrize(("scale", "width"), [(1.0, 420), (2.0, 560), (2.0, 700), (2.0, 860)])
def test_the_name_is_read_whole_where_the_window_is_narrow(
    window: QWidget, panel, look, scale, width, is_read_only
) -> None:
    look.set_scale(scale)
    page = panel.page
    page.set_read_only(is_read_only)
    page.set_head("Ember Valley", 1920, 1200)
    page.set_note("Draft kept 1 s ago")
    panel.dock.hide()
    window.resize(width, 600)
    QApplication.sendPostedEvents()
    assert page.title.width() >= page.title.sizeHint().width()
    for part in (page.title, page._zooms, page.save, page.save_copy):
        if not part.isHidden():
            assert page._head.rect().contains(part.geometry()), part


def test_a_wide_head_is_one_line(window: QWidget, panel, look) -> None:
    page = panel.page
    panel.dock.hide()
    page.set_head("Ember Valley", 1920, 1200)
    look.set_scale(2.0)
    window.resize(500, 600)
    QApplication.sendPostedEvents()
    assert page._is_two
    look.set_scale(1.0)
    window.resize(1100, 600)
    QApplication.sendPostedEvents()
    assert not page._is_two
    for part in (page.title, page.save):
        assert abs(part.geometry().center().y() - page._head.rect().center().y()) <= 1
    assert page._size.isVisibleTo(page)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("height", [430, 520, 900])
def test_every_tool_is_within_reach_in_a_low_window(
    window: QWidget, panel, look, scale, height
) -> None:
    look.set_scale(scale)
    window.resize(900, height)
    QApplication.sendPostedEvents()
    rail = panel.page.rail
    seen = rail.rect()
    for part in (*rail.buttons.values(), rail.colors):
        assert seen.contains(QRect(part.mapTo(rail, QPoint(0, 0)), part.size())), part
    assert rail.columns == (1 if height == 900 else 2)


def test_the_focus_brings_a_tool_into_sight(window: QWidget, panel, look) -> None:
    rail = panel.page.rail
    rail.setFixedHeight(120)  # lower than any window, so that even two columns are cut
    QApplication.sendPostedEvents()
    window.activateWindow()
    for tool in (ToolId.ZOOM, ToolId.SELECT):
        button = rail.buttons[tool]
        button.setFocus(Qt.FocusReason.TabFocusReason)
        top = button.mapTo(rail, QPoint(0, 0)).y()
        assert 0 <= top <= rail.height() - button.height()
