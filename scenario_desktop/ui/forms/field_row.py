"""One field of a form: its title, its editor, and what is said of it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.spec import FieldKind
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.sentences import Sentence


class FieldRow(QWidget):
    """One field: title with its dot and reset, the editor, and the help or the error below.

    Signals:
        reset_requested: the user wants the initial value back.
    """

    reset_requested = Signal()

    def __init__(
        self,
        editor: Editor,
        inset: int = 0,
        *,
        is_marked: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """
        Args:
            inset: pixels by which it stands further in at both sides.
            is_marked: it tells that it is changed and can be reset, whatever its editor.
        """
        super().__init__(parent)
        self.editor = editor
        # Pictures are put in and taken out one by one; nothing can be put back.
        self._can_reset = editor.can_reset or (is_marked and not editor.outset)
        self._inset_px = inset
        spec = editor.spec
        self._title = ElidedLabel(
            spec.title,
            "body_strong" if editor.is_prominent else "small",
            "text" if editor.is_prominent else "text_2",
        )
        self._dot = _ChangedDot()
        self._title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._note = ElidedLabel("", "small", "text_3")
        self._reset = IconButton(
            "rotate-ccw", f"Reset {spec.title.lower()}", size=ButtonSize.SMALL, icon_px=14, side=24
        )
        self._reset.clicked.connect(self.reset_requested)
        self._help = PlainLabel(spec.description, "small", "text_3", wrap=True)
        self._error = Message()
        self._build()
        self.set_note(spec.placeholder if spec.kind is FieldKind.PICTURED_CHOICES else "")
        self.set_changed(False)
        editor.setAccessibleName(spec.title)
        editor.setAccessibleDescription(spec.description)

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        if self.editor.has_own_title:
            line = QHBoxLayout()
            line.setSpacing(8)
            line.addWidget(self.editor, 1)
            line.addWidget(self._reset)
            layout.addLayout(self._inset(line))
            self._title.hide()
            self._dot.setParent(self)
            self._note.setParent(self)
            self._note.hide()
        else:
            head = QHBoxLayout()
            head.setSpacing(8)
            head.addWidget(self._title)
            head.addWidget(self._dot)
            head.addStretch(1)
            head.addWidget(self._note)
            head.addWidget(self._reset)
            layout.addLayout(self._inset(head))
            if self.editor.outset:
                layout.addWidget(self.editor)
            else:
                body = QVBoxLayout()
                body.addWidget(self.editor)
                layout.addLayout(self._inset(body))
        below = QVBoxLayout()
        below.setSpacing(0)
        below.addWidget(self._help)
        below.addWidget(self._error)
        layout.addLayout(self._inset(below))
        self._help.setVisible(bool(self.editor.spec.description))

    def _inset(self, layout: QHBoxLayout | QVBoxLayout) -> QHBoxLayout | QVBoxLayout:
        layout.setContentsMargins(self._inset_px, 0, self._inset_px, 0)
        return layout

    @property
    def is_changed(self) -> bool:
        return self._is_changed

    @property
    def has_error(self) -> bool:
        return not self._error.isHidden()

    def error_text(self) -> str:
        return self._error.text()

    def set_changed(self, is_changed: bool) -> None:
        self._is_changed = is_changed
        self._dot.setVisible(is_changed and self._can_reset and not self.editor.has_own_title)
        # It keeps its room while it is hidden, so that nothing moves under the pointer.
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(self._can_reset)
        self._reset.setSizePolicy(policy)
        self._reset.setVisible(is_changed and self._can_reset)

    def set_note(self, note: str) -> None:
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def set_error(self, text: str) -> None:
        self._error.set_text(text)
        self._help.setVisible(bool(self.editor.spec.description) and not text)
        self.editor.set_wrong(bool(text))


class _ChangedDot(QWidget):
    """Says that a value is not the initial one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Changed")
        self.setToolTip("Changed")

    @override
    def sizeHint(self) -> QSize:
        return QSize(8, 8)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = painting.antialiased(QPainter(self))
        painting.dot(painter, QPointF(4, 4), 6, theme.current().tokens.accent_line)


class Message(Sentence):
    """A sentence about something wrong, with its sign. Hidden while there is none."""

    def __init__(self) -> None:
        super().__init__(text_tone="danger", sign_tone="danger", spacing=6)
        self.hide()
