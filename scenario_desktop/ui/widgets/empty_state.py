"""What stands where there is nothing: why, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.spinner import Spinner


class IconTile(QWidget):
    """An icon on a soft ground, 36 pixels wide.

    Args:
        ground, ink: tokens of the theme.
        is_round: a disc, as beside a question, instead of a square.
    """

    def __init__(
        self,
        name: str,
        *,
        ground: str = "accent_soft",
        ink: str = "accent_text",
        is_round: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._name, self._ground, self._ink = name, ground, ink
        self._is_round = is_round
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_icon(self, name: str) -> None:
        self._name = name
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().px(36)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        area = QRectF(self.rect())
        radius = area.height() / 2 if self._is_round else 8
        painting.box(painter, area, radius, t.named(self._ground))
        icons.paint(painter, area, self._name, 20, t.named(self._ink))


class EmptyState(QWidget):
    """Icon, title, one sentence, one button, in the middle of the room there is.

    Signals:
        action_requested: its button was pressed.
    """

    action_requested = Signal()

    def __init__(
        self,
        icon: str = "images",
        title: str = "",
        text: str = "",
        action: str = "",
        *,
        is_primary: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tile = IconTile(icon)
        self._spinner = Spinner(24)
        self._title = PlainLabel(title, "title", wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text = PlainLabel(text, "body", "text_2", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text.setMinimumWidth(280)
        self._text.setMaximumWidth(440)
        self._button = Button(
            action, kind=ButtonKind.PRIMARY if is_primary else ButtonKind.SECONDARY
        )
        self._button.clicked.connect(self.action_requested)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(4)
        center = Qt.AlignmentFlag.AlignHCenter
        layout.addStretch(2)
        layout.addWidget(self._tile, 0, center)
        layout.addWidget(self._spinner, 0, center)
        layout.addSpacing(8)
        layout.addWidget(self._title)
        # In a row of its own: an aligned label is measured at the full width, and its text cut.
        words = QHBoxLayout()
        words.addStretch(1)
        words.addWidget(self._text)
        words.addStretch(1)
        layout.addLayout(words)
        layout.addSpacing(12)
        layout.addWidget(self._button, 0, center)
        layout.addStretch(3)
        self.set_state(icon, title, text, action)

    def set_state(self, icon: str, title: str, text: str = "", action: str = "") -> None:
        """Say something else; an empty action leaves the button away."""
        self._tile.set_icon(icon)
        self._tile.show()
        self._spinner.hide()
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.setAccessibleName(title)

    def set_loading(self, title: str, text: str = "") -> None:
        """Say that it is on its way."""
        self.set_state("loader-circle", title, text)
        self._tile.hide()
        self._spinner.show()
