"""What widget tests get: the dark theme without motion, and no window left behind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication

from scenario_desktop.ui.theme import Theme, ThemeMode, current


@pytest.fixture(autouse=True)
def look(qapp: QApplication) -> Theme:
    """The theme of the application: dark, 100 %, without motion, before every test."""
    theme = current()
    theme.is_still = True
    if theme.mode is not ThemeMode.DARK or theme.scale != 1.0:
        theme.apply(qapp, ThemeMode.DARK)
    return theme


@pytest.fixture(autouse=True)
def _no_window_left(qapp: QApplication, look: Theme) -> Iterator[None]:
    """Fail when a test leaves a top-level widget that was not there before."""
    before = set(map(id, qapp.topLevelWidgets()))
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = [w for w in qapp.topLevelWidgets() if id(w) not in before and w.isVisible()]
    for widget in left:
        widget.close()
        widget.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not left, f"left open: {left}"


@pytest.fixture(autouse=True)
def _no_real_drag(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real drag runs a loop of its own until the mouse lets go, which here is never."""

    def let_go(_drag: QDrag, *_actions: object) -> Qt.DropAction:
        return Qt.DropAction.IgnoreAction

    monkeypatch.setattr(QDrag, "exec", let_go)
