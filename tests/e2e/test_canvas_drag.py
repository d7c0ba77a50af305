"""From the gallery onto the canvas that is open behind it, and from other pages back to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest

from scenario_desktop.canvas.format import PictureLayer
from scenario_desktop.ui.panels.sidebar.model import Target, TargetKind
from scenario_desktop.ui.widgets.drags import put_keys
from tests.e2e.canvas_desk import canvas_desk
from tests.e2e.desk import PATIENCE_S, bring_in, items
from tests.e2e.hostile import encoded, noise
from tests.support import until

_COPY, _LEFT = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
_NONE = Qt.KeyboardModifier.NoModifier


async def test_a_picture_is_dragged_onto_the_open_canvas(qt_loop: Any, tmp_path: Path) -> None:
    (tmp_path / "noise.png").write_bytes(encoded(noise(1)))
    async with canvas_desk(tmp_path / "d") as ann:
        await bring_in(ann.program, [tmp_path / "noise.png"])
        (picture,) = await items(ann.program)
        await ann.start()
        ann.window.set_page("gallery")
        data = QMimeData()
        put_keys(data, [picture.key])
        rows = ann.program.workbench.sidebar_view.list
        row = rows.rows.find(Target(TargetKind.SECTION, "canvases"))
        over = rows.visualRect(row).center()
        rows.dragMoveEvent(QDragMoveEvent(over, _COPY, data, _LEFT, _NONE))
        await until(lambda: ann.window.page == "canvas", timeout_s=PATIENCE_S)
        stage = ann.controller.page.stage
        place = stage.to_view(QPointF(240, 160))
        stage.dropEvent(QDropEvent(place, _COPY, data, _LEFT, _NONE))
        await until(lambda: isinstance(ann.editor.active, PictureLayer), timeout_s=PATIENCE_S)
        assert isinstance(ann.editor.active, PictureLayer)
        assert ann.editor.active.asset_id == picture.id
        await ann.held()


async def test_a_form_that_was_opened_from_a_canvas_leads_back_to_it(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with canvas_desk(tmp_path / "d") as ann:
        await ann.start()
        await ann.hold()
        ann.controller.actions["detect"].trigger()
        await until(lambda: ann.window.page == "detect", timeout_s=PATIENCE_S)
        QTest.keyClick(ann.window, Qt.Key.Key_Escape)
        assert ann.window.page == "canvas"
        assert ann.is_drawn
