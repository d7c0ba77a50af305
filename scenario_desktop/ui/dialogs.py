"""Dialogs: shown without a nested loop, awaited by the coroutine that asks.

``exec`` spins a loop of its own, in which other tasks lose their wake-up for good. So every
question is opened, and its answer is awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from PySide6.QtCore import QEvent, QObject, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.modal import Frame, ModalLayer, focusable_children
from scenario_desktop.ui.widgets.scroll import ScrollArea

ACCEPTED, REJECTED = 1, 0
PADDING = 20


class Question(Protocol):
    """What ``ask`` needs: our dialogs have it, and so have Qt's."""

    finished: Any
    destroyed: Any

    def open(self) -> None: ...

    def reject(self) -> None: ...


async def ask(dialog: Question) -> int:
    """Open a dialog and return its code, 0 for cancelled. Cancelling the task closes it."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_finished(code: int) -> None:
        if not answer.done():
            answer.set_result(code)

    def on_destroyed() -> None:
        on_finished(REJECTED)

    dialog.finished.connect(on_finished)
    dialog.destroyed.connect(on_destroyed)
    dialog.open()
    try:
        return await answer
    except asyncio.CancelledError:
        dialog.reject()
        raise


class Dialog(Frame):
    """A question over the window: title, body, and its answers at the right, the primary last.

    Escape and a press beside it cancel. Enter runs the primary, unless it is dangerous.

    Attributes:
        body: the layout to fill.

    Signals:
        finished: the code of the answer, 0 for cancelled. The dialog is gone afterwards.
    """

    finished = Signal(int)

    def __init__(
        self, parent: QWidget, title: str, *, width: int = theme.metric("layout", "dialog_width")
    ) -> None:
        self._layer = ModalLayer(parent.window())
        self._layer.hide()
        super().__init__("dialog", self._layer)
        self._layer.dismissed.connect(self.reject)
        self._layer.resized.connect(self._place)
        self._width = width
        self._primary: Button | None = None
        self._first: QWidget | None = None
        self._is_done = False
        self.margin = 56
        self.setAccessibleName(title)
        self.title = PlainLabel(title, "title", wrap=True)
        content = QWidget()
        self.body = QVBoxLayout(content)
        self.body.setContentsMargins(PADDING, 0, PADDING, 0)
        self.body.setSpacing(12)
        content.installEventFilter(self)
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self._place)
        self._scroll = ScrollArea(content, follows_content=True)
        self._actions = QHBoxLayout()
        self._actions.setContentsMargins(PADDING, 0, PADDING, 0)
        self._actions.setSpacing(8)
        self._actions.addStretch(1)
        self._lay_out()

    def add_text(self, text: str, tone: str = "text_2") -> PlainLabel:
        """Add a paragraph to the body."""
        label = PlainLabel(text, tone=tone, wrap=True)
        self.body.addWidget(label)
        return label

    def add_left(self, widget: QWidget) -> None:
        """Put something at the left of the row of answers."""
        self._actions.insertWidget(0, widget)

    def add_action(
        self, text: str, code: int | None = None, kind: ButtonKind = ButtonKind.SECONDARY
    ) -> Button:
        """Add an answer; with a code it closes the dialog, without one it only is a button."""
        button = Button(text, kind=kind)
        self._actions.addWidget(button)
        if kind is ButtonKind.PRIMARY:
            self._primary = button
        if code is not None:
            button.setProperty("code", code)
            button.clicked.connect(self._on_action)
        return button

    def set_first_focus(self, widget: QWidget) -> None:
        """Say where the focus is when it opens."""
        self._first = widget

    def open(self) -> None:
        self._layer.show()
        self._layer.raise_()
        self.show()
        self._place()
        self.appear()
        stops = focusable_children(self)
        first = self._first or (stops[0] if stops else None)
        if self._first is None and self._primary is not None and self._primary.isEnabled():
            first = self._primary
        if first is not None:
            first.setFocus(Qt.FocusReason.PopupFocusReason)

    def accept(self) -> None:
        self.done(ACCEPTED)

    def reject(self) -> None:
        self.done(REJECTED)

    def done(self, code: int) -> None:
        if self._is_done:
            return
        self._is_done = True
        self._layer.close_layer()
        self.finished.emit(code)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # What comes and goes in the body changes the height of the whole.
        if event.type() == QEvent.Type.LayoutRequest and self.isVisible():
            self._fitting.start()
        return False

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and self._primary is not None:
            self._primary.click()
        else:
            super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        # A press on the frame itself is not one beside it; one on its shadow is.
        if self.box().contains(event.position().toPoint()):
            event.accept()
        else:
            event.ignore()

    def _on_action(self) -> None:
        self.done(int(self.sender().property("code")))

    def _lay_out(self) -> None:
        m = self.margin
        self.setContentsMargins(m, m, m, m)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, PADDING, 0, PADDING)
        layout.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(PADDING, 0, PADDING, 0)
        head.addWidget(self.title)
        layout.addLayout(head)
        layout.addSpacing(8)
        layout.addWidget(self._scroll, 1)
        layout.addSpacing(PADDING)
        layout.addLayout(self._actions)

    def _place(self) -> None:
        room = self._layer.rect().adjusted(24, 24, -24, -24)
        extra = 2 * self.margin
        look = theme.current()
        width = min(max(self._width, round(self._width * (1 + look.scale) / 2)), room.width())
        self._scroll.updateGeometry()  # a scroll area does not hear of it when its content grows
        layout = self.layout()
        height = layout.totalHeightForWidth(width + extra) if layout else 0
        if height <= 0:
            height = self.sizeHint().height()
        height = min(height, room.height() + extra)
        place = QRect(0, 0, width + extra, height)
        place.moveCenter(self._layer.rect().center())
        self.setGeometry(place)


async def confirm(
    parent: QWidget,
    title: str,
    text: str,
    primary: str,
    *,
    is_danger: bool = False,
    cancel: str = "Cancel",
) -> bool:
    """Ask before something that has consequences; say them in ``text`` with names and numbers."""
    dialog = Dialog(parent, title)
    dialog.add_text(text)
    no = dialog.add_action(cancel, REJECTED)
    dialog.add_action(primary, ACCEPTED, ButtonKind.DANGER if is_danger else ButtonKind.PRIMARY)
    if is_danger:
        dialog.set_first_focus(no)
    return await ask(dialog) == ACCEPTED


async def choose_files(parent: QWidget, title: str, *, filters: str = "") -> list[Path]:
    """Let the user pick files that are there; empty when cancelled."""
    dialog = QFileDialog(parent, title, "", filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    return [Path(name) for name in await _files(dialog)]


async def choose_folder(parent: QWidget, title: str) -> Path | None:
    """Let the user pick a folder; None when cancelled."""
    dialog = QFileDialog(parent, title)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    names = await _files(dialog)
    return Path(names[0]) if names else None


async def choose_save_path(
    parent: QWidget, title: str, name: str, *, filters: str = "", ending: str = "",
    replaces: bool = True,
) -> Path | None:  # fmt: skip
    """Let the user say where to write a file; None when cancelled.

    Args:
        ending: is added to a name without one, before anybody asks whether to replace that file.
        replaces: a file of that name is replaced, which the user has to confirm.
    """
    dialog = QFileDialog(parent, title, "", filters)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setOption(QFileDialog.Option.DontConfirmOverwrite, not replaces)
    dialog.setDefaultSuffix(ending)
    dialog.selectFile(name)
    names = await _files(dialog)
    return Path(names[0]) if names else None


async def _files(dialog: QFileDialog) -> Sequence[str]:
    try:
        if await ask(cast(Question, dialog)) != ACCEPTED:
            return []
        return dialog.selectedFiles()
    finally:
        dialog.deleteLater()
