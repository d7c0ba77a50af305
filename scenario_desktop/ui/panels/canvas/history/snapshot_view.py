"""A snapshot by itself, where the canvas stands otherwise; it is looked at and not edited."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.picture_view import PictureView
from scenario_desktop.ui.widgets.spinner import Spinner
from scenario_desktop.ui.widgets.surface import Surface
from scenario_desktop.ui.widgets.tips import set_tip

_MARGIN = 12
_LEFT, _RIGHT, _GAP = 16, 8, 10
_ACTIONS = (
    ("Compare with now", "columns-2"),
    ("Restore", "rotate-ccw"),
    ("Back", "arrow-left"),
)
#: Letters and signs that belong to the picture here, not to the tools.
_OWN_KEYS = frozenset(
    {
        Qt.Key.Key_Escape, Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus, Qt.Key.Key_0,
        Qt.Key.Key_1,
    }
)  # fmt: skip


class SnapshotView(Surface):
    """Shows what it is given, under a bar that says what it is and what can be done with it.

    Signals:
        back_requested: show the canvas again; also Escape.
        compare_requested, restore_requested: with the snapshot that is shown.
    """

    back_requested = Signal()
    compare_requested = Signal()
    restore_requested = Signal()

    def __init__(self) -> None:
        super().__init__("stage")
        self.setAccessibleName("Snapshot")
        self.picture = PictureView(name="Snapshot")
        self.picture.margin = _MARGIN
        self._icon = IconLabel("history", "info")
        self._words = PlainLabel("", "body_strong", wrap=True)
        self._note = PlainLabel("Only to be looked at", "body", "text_2")
        self._spinner = Spinner(16)
        self._buttons = tuple(
            (Button(text, kind=ButtonKind.GHOST, size=ButtonSize.SMALL, icon=icon), text, icon)
            for text, icon in _ACTIONS
        )
        self._compare, self._restore, self._back = (part[0] for part in self._buttons)
        for button, text, _ in self._buttons:
            button.setAccessibleName(text)
        set_tip(self._compare, "Show it beside the canvas as it is now")
        set_tip(self._restore, "Save it as the canvas's newest state")
        set_tip(self._back, "Show the canvas again", "Escape")
        self._compare.clicked.connect(self.compare_requested)
        self._restore.clicked.connect(self.restore_requested)
        self._back.clicked.connect(self.back_requested)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._bar = self._make_bar()
        column.addWidget(self._bar)
        column.addWidget(self.picture, 1)
        theme.current().changed.connect(self._share)

    def _make_bar(self) -> QWidget:
        bar = Surface("info_soft")
        self._grid = grid = QGridLayout(bar)
        grid.setContentsMargins(_LEFT, 4, _RIGHT, 4)
        grid.setHorizontalSpacing(_GAP)
        grid.setVerticalSpacing(2)
        grid.addWidget(self._icon, 0, 0)
        grid.addWidget(self._spinner, 0, 0)
        grid.addWidget(self._words, 0, 1)
        grid.addWidget(self._note, 0, 2)
        grid.setColumnStretch(3, 1)
        self._words.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._note.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        self._row = QWidget()
        row = QHBoxLayout(self._row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for button, _, _ in self._buttons:
            row.addWidget(button)
        return bar

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        """Let the note go first, then the icons of the buttons; then these get their own line."""
        look = theme.current()
        wanted = look.metrics("body_strong").horizontalAdvance(self.words) + 2
        room = self.width() - _LEFT - _RIGHT - self._icon.sizeHint().width() - 3 * _GAP
        shown = [part for part in self._buttons if not part[0].isHidden()]
        for has_icons in (True, False):
            for button, text, icon in self._buttons:
                button.setText(text if has_icons else text.partition(" ")[0])
                button.set_icon(icon if has_icons else "")
            taken = sum(button.sizeHint().width() + 2 for button, _, _ in shown)
            if wanted + taken <= room:
                break
        is_low = wanted + taken > room
        self._note.setVisible(wanted + taken + self._note.sizeHint().width() + _GAP <= room)
        self._grid.removeWidget(self._row)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if is_low:
            self._grid.addWidget(self._row, 1, 0, 1, 5, right)
        else:
            self._grid.addWidget(self._row, 0, 4, right)
        self._words.setFixedWidth(max(look.px(24), min(wanted, room if is_low else room - taken)))
        self._words.setFixedHeight(self._words.heightForWidth(self._words.width()))
        least = look.height(theme.metric("size", "lock_bar"), "body", 10)
        self._bar.setMinimumHeight(least)

    @property
    def words(self) -> str:
        """What the bar says."""
        return self._words.text()

    def begin(self, words: str, *, can_restore: bool) -> None:
        """Say which snapshot is on its way; the one before stays until it is there."""
        self._words.setText(words)
        self.setAccessibleName(words)
        self.picture.setAccessibleName(words)
        self._restore.setVisible(can_restore)
        self._icon.hide()
        self._spinner.show()
        self._share()

    def show_picture(self, image: QImage, full_size: QSize) -> None:
        self.picture.set_pixmap(QPixmap.fromImage(image), full_size)
        self._spinner.hide()
        self._icon.show()

    def clear(self) -> None:
        """Let the pixels go."""
        self.picture.set_pixmap(QPixmap())

    @override
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
            shift = Qt.KeyboardModifier.ShiftModifier
            is_plain = plain in (Qt.KeyboardModifier.NoModifier, shift)
            if is_plain and Qt.Key(event.key()) in _OWN_KEYS:
                event.accept()
                return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.back_requested.emit()
        else:
            super().keyPressEvent(event)
