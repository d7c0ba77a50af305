"""The name of the canvas, that is typed over right where it stands."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget
from shiboken6 import isValid
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.labels import ElidedLabel
from scenario_desktop.ui.widgets.tips import set_tip

MAX_NAME = 200
_PADDING = 6


class TitleField(QWidget):
    """Shows a name; a click or F2 lets it be changed, Enter keeps it, Escape does not.

    Signals:
        renamed: the name wanted now.
    """

    renamed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        self._is_editable = True
        self._keys_from: QWidget | None = None
        self.label = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)
        self.field = _Field()
        self.field.setAccessibleName("Name of the canvas")
        self.field.setMaxLength(MAX_NAME)
        self.field.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(_PADDING, 0, _PADDING, 0)
        row.addWidget(self.label)
        row.addWidget(self.field)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Name of the canvas")
        self.field.ended.connect(self._on_ended)
        theme.current().changed.connect(self._fit)
        self._fit()
        self.set_editable(True)

    def set_name(self, name: str) -> None:
        self._name = name
        self.label.setText(name)
        self.setAccessibleDescription(name)
        self.updateGeometry()

    def set_editable(self, is_editable: bool) -> None:
        self._is_editable = is_editable
        self.setCursor(Qt.CursorShape.IBeamCursor if is_editable else Qt.CursorShape.ArrowCursor)
        if is_editable:
            set_tip(self, "Rename", "F2")
        else:
            self.setToolTip("")

    def edit(self) -> None:
        """Let the name be typed over."""
        if not self._is_editable or not self.field.isHidden():
            return
        self._keys_from = self.window().focusWidget()
        self.label.hide()
        self.field.setText(self._name)
        self.field.show()
        self.field.selectAll()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.updateGeometry()

    @override
    def sizeHint(self) -> QSize:
        hint = self.label.sizeHint()
        width = hint.width() + 2 * _PADDING
        if not self.field.isHidden():
            width = max(width + 24, theme.current().px(240))
        return QSize(width, max(hint.height(), theme.current().height(32, "title", 4)))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(theme.current().px(60), self.sizeHint().height())

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.edit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.edit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        is_lit = self._is_editable and (self.underMouse() or self.hasFocus())
        if is_lit and self.field.isHidden():
            painter = painting.antialiased(QPainter(self))
            painting.box(
                painter, self.rect().adjusted(0, 2, 0, -2), 6, theme.current().tokens.hover
            )

    def _on_ended(self, is_kept: bool) -> None:
        if self.field.isHidden():
            return
        name = " ".join(self.field.text().split())
        had_keys, back = self.field.hasFocus(), self._keys_from
        self.field.hide()
        self.label.show()
        if had_keys and back is not None and isValid(back) and back.isVisible():
            back.setFocus(Qt.FocusReason.OtherFocusReason)
        self.updateGeometry()
        if is_kept and name and name != self._name:
            self.set_name(name)
            self.renamed.emit(name)

    def _fit(self) -> None:
        self.field.setFont(theme.current().font("title"))
        self.updateGeometry()


class _Field(QLineEdit):
    """Tells when typing has ended.

    Signals:
        ended: whether what was typed is to be kept.
    """

    ended = Signal(bool)

    @override
    def event(self, event: QEvent) -> bool:
        # Letters belong to the name here, not to the tools.
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            event.accept()
            return True
        return super().event(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.ended.emit(True)
        elif event.key() == Qt.Key.Key_Escape:
            self.ended.emit(False)
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.ended.emit(True)
