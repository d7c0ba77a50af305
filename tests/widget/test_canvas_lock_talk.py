"""What is said and asked when a canvas's lock comes, goes or is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.services.canvas.lease import Lease, Phase, Refusal
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import Answer, LeaseDialog
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from tests.widget.canvas_panel_support import (
    NOW,
    canvases,
    dialog_of,
    lease,
    opened,
    panel,
    pictures,
    window,
)
from tests.widget.canvas_support import color, drag, stroke

__all__ = ["canvases", "panel", "pictures", "window"]


async def test_a_refused_lease_asks_what_to_do(qt_loop, panel, canvases, window) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    stroke(panel.editor, [(20, 60)])
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    session.set_aside.emit("draft_1")
    dialog = await dialog_of(window, LeaseDialog)
    assert color(panel.editor, 20, 60).alpha() == 0
    assert panel.page.lock_bar.state.kind is LockKind.OTHER
    assert panel.settings.tool is ToolId.HAND
    dialog.done(Answer.WAIT)
    await panel.actions["asking"].settle()
    assert session.calls == ["wait"]


async def test_a_question_amid_words_is_not_answered_by_the_next_letter(
    qt_loop, panel, canvases, window
) -> None:
    session = await opened(panel, canvases)
    window.activateWindow()
    panel.settings.set_tool(ToolId.TEXT)
    drag(panel.page.stage, (100, 80))
    QTest.keyClicks(panel.page.stage.text_box, "two")
    assert session.edits
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    drawn = await session.editor.draft()
    assert [layer.name for layer in canvas_format.read(drawn.text).layers][-1] == "two"
    session.set_aside.emit("draft_1")
    dialog = await dialog_of(window, LeaseDialog)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_W, Qt.Key.Key_Return):
        QTest.keyClick(window.focusWidget(), key)
    assert dialog.isVisible()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Down)
    assert window.focusWidget() is dialog.rows[0]
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    await panel.actions["asking"].settle()
    assert session.calls == ["wait"]


async def test_only_looking_leaves_everything_as_it_is(qt_loop, panel, canvases, window) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    session.set_aside.emit("draft_1")
    (await dialog_of(window, LeaseDialog)).done(Answer.LOOK)
    await panel.actions["asking"].settle()
    assert session.calls == []
    assert panel.page.save_copy.isVisibleTo(panel.page)


@pytest.mark.parametrize(
    ("state", "kind", "action"),
    [
        (lease(Phase.HELD), LockKind.MINE, "Release"),
        (lease(Phase.HELD, is_offline=True), LockKind.OFFLINE, "Check again"),
        (lease(Phase.ACQUIRING), LockKind.ASKING, ""),
        (lease(Phase.LOST), LockKind.LOST, "Take it again"),
        (lease(Phase.REFUSED, refusal=Refusal.OTHERS), LockKind.OTHER, "Check again"),
        (lease(Phase.REFUSED, refusal=Refusal.OFFLINE), LockKind.OFFLINE, "Check again"),
    ],
)
async def test_the_lock_bar_says_whose_it_is(
    qt_loop, panel, canvases, state: Lease, kind: LockKind, action: str
) -> None:
    session = await opened(panel, canvases)
    session.give(state)
    shown = panel.page.lock_bar.state
    assert (shown.kind, shown.action) == (kind, action)


async def test_the_one_action_takes_the_lock_again(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.LOST))
    panel.page.lock_bar.action_requested.emit()
    await panel.actions["lock"].settle()
    assert session.calls == ["take_again"]
    assert panel.page.lock_bar.state.kind is LockKind.MINE


async def test_offline_the_action_looks_whether_the_server_is_back(
    qt_loop, panel, canvases
) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.HELD, is_offline=True))

    async def look_again() -> datetime:
        session.give(lease(Phase.HELD))
        return NOW + timedelta(minutes=5)

    session.look_again = look_again
    panel.page.lock_bar.action_requested.emit()
    await panel.actions["lock"].settle()
    assert panel._ports.messages.toasts[-1].startswith("Online again: you hold “Ember Valley”")
    assert panel.page.lock_bar.state.kind is LockKind.MINE


def test_no_dialog_is_left(qapp: Any) -> None:
    assert not [w for w in qapp.topLevelWidgets() if isinstance(w, Dialog) and w.isVisible()]
