"""A lock that is refused while the pointer is still drawing."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from scenario_desktop.services.canvas.lease import LeaseTimes, Phase
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from tests.e2e.canvas_desk import CanvasDesk, at_the_desk
from tests.e2e.desk import PATIENCE_S
from tests.support import until

QUICK = CanvasTimes(lease=LeaseTimes(look_s=0.3, retry_s=0.3, pulse_s=0.2), draft_s=0.05)


@at_the_desk(QUICK)
async def test_a_stroke_in_the_hand_is_kept_whole(ann: CanvasDesk) -> None:
    await ann.start()
    await ann.ben_locks()
    ann.controller.settings.set_tool(ToolId.BRUSH)
    ann.controller.settings.set_foreground(QColor("#d03050"))
    stage = ann.controller.page.stage

    def place(x: float) -> QPoint:
        return stage.to_view(QPointF(x, 100)).toPoint()

    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=place(60))
    await until(lambda: ann.session.lease.phase is Phase.REFUSED, timeout_s=PATIENCE_S)
    for x in (150, 250, 350):
        QTest.mouseMove(stage, place(x))
        stage.repaint()
    assert ann.editor.is_painting
    assert not ann.is_asked()
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=place(350))
    assert ann.editor.read_only

    dialog = await ann.question()
    assert dialog.question.text.startswith("Your 1\u00a0stroke is kept in a draft")
    assert not ann.is_drawn
    await ann.choose("Tell me when it is free")
    await ann.ben_unlocks()
    await ann.choose("Go on with my draft")
    await ann.held()
    await until(lambda: ann.color(340) == "#d03050", timeout_s=PATIENCE_S)
    assert ann.is_drawn
