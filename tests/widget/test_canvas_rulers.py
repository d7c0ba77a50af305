"""Rulers along the canvas."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.stage.rulers import steps
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from tests.widget.canvas_support import editor_of, paint, send


@pytest.fixture
def page(qapp: QApplication) -> Iterator[CanvasPage]:
    editor = editor_of(paint("a"), size=(400, 300))
    page = CanvasPage(editor, ToolSettings())
    editor.setParent(page)
    page.resize(900, 600)
    page.show()
    page.show_canvas()
    qapp.processEvents()
    yield page
    page.close()
    page.deleteLater()


@pytest.mark.parametrize(
    ("scale", "expected"),
    [(0.05, (2000, 200)), (0.5, (200, 20)), (1.0, (100, 10)), (4.0, (20, 2)), (32.0, (2, 1))],
)
def test_numbers_are_round_and_never_crowded(scale: float, expected: tuple[int, int]) -> None:
    number, mark = steps(scale)
    assert (number, mark) == expected
    assert number * scale >= 56
    assert mark * scale >= 5


def test_they_are_off_until_they_are_wanted(page: CanvasPage) -> None:
    settings = page.stage.settings
    assert not page.ruled.across.isVisible()
    wide = page.stage.width()
    settings.toggle_rulers()
    QApplication.processEvents()
    assert page.ruled.across.isVisible()
    assert page.ruled.down.isVisible()
    assert page.stage.width() < wide
    remembered = ToolSettings()
    remembered.load(settings.to_dict())
    assert remembered.has_rulers


def test_they_say_where_the_pointer_is(page: CanvasPage) -> None:
    page.stage.settings.toggle_rulers()
    QApplication.processEvents()
    send(page.stage, QEvent.Type.MouseMove, (120, 45))
    across, down = page.ruled.across, page.ruled.down
    assert across.pointer == pytest.approx(120)
    assert down.pointer == pytest.approx(45)
    at = round(page.stage.to_view(QPointF(120, 0)).x())
    image = across.grab().toImage()
    assert image.pixelColor(at, across.height() - 4) == theme.current().tokens.accent_line
    QApplication.sendEvent(page.stage, QEvent(QEvent.Type.Leave))
    assert across.pointer is None
    assert across.grab().toImage().pixelColor(at, across.height() - 4) != QColor(
        theme.current().tokens.accent_line
    )


def test_they_follow_zoom_and_pan(page: CanvasPage) -> None:
    page.stage.settings.toggle_rulers()
    QApplication.processEvents()
    before = list(page.ruled.across.numbers())
    picture = page.ruled.across.grab().toImage()
    page.stage.set_zoom(8.0)
    zoomed = list(page.ruled.across.numbers())
    assert zoomed[1] - zoomed[0] < before[1] - before[0]
    page.stage.pan(QPointF(-80, 0))
    assert next(page.ruled.across.numbers()) > zoomed[0]
    assert page.ruled.across.grab().toImage() != picture
