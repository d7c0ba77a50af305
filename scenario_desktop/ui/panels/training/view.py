"""The page of trainings: ids at the left, what the server says of one at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.text_area import TextArea
from scenario_desktop.ui.panels.training.state import Training
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.empty_state import EmptyState
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.page_head import PageHead
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.surface import Hairline, Surface

_EDGE = 16
_MIN_WIDTH = 320
_LIST_WIDTH = 240


class TrainingPage(Surface):
    """Shows what it is given; knows no service.

    Signals:
        back_requested, connect_requested: what the buttons say.
        look_requested: the id of a training to look at.
        again_requested: the one that is shown should be read again, and the list with it.
        start_requested: a training should be started.
        cancel_requested: the one that is shown should end.
        name_requested: the one that is shown should get a name here.
        forget_requested: its id should not be offered any more.
    """

    back_requested = Signal()
    connect_requested = Signal()
    look_requested = Signal(str)
    again_requested = Signal()
    start_requested = Signal()
    cancel_requested = Signal()
    name_requested = Signal()
    forget_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Training")
        self.start = Button("Start training…", kind=ButtonKind.PRIMARY, size=ButtonSize.SMALL)
        self.again = Button("Refresh", icon="refresh-cw", size=ButtonSize.SMALL)
        self.field = QLineEdit()
        self.field.setPlaceholderText("Training id, then Enter")
        self.field.setAccessibleName("Training id")
        self.list = QListWidget()
        self.list.setAccessibleName("Trainings")
        self.note = PlainLabel("", "small", "text_3", wrap=True)
        self.title = ElidedLabel("", "title", mode=Qt.TextElideMode.ElideMiddle)
        self.banner = Banner()
        self.banner.hide()
        self.rename = Button("Name it…", icon="pencil", size=ButtonSize.SMALL)
        self.forget = Button("Forget", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self.cancel = Button("Cancel training…", kind=ButtonKind.SECONDARY, size=ButtonSize.SMALL)
        self.rows = QVBoxLayout()
        self.raw = TextArea(6, 24, style="mono")
        self.raw.setReadOnly(True)
        self.raw.setAccessibleName("The whole answer")
        self.state = EmptyState()
        self._lines: list[QWidget] = []
        self._texts: list[tuple[str, str]] = []
        self._stack = QStackedWidget()
        self._whole = QStackedWidget()
        self._build()
        self._connect()
        self.show_offers(start=False, cancel=False)

    def _build(self) -> None:
        head = PageHead(self.again, self.start, title="Training")
        head.back_requested.connect(self.back_requested)
        asking = QHBoxLayout()
        asking.setContentsMargins(_EDGE, 4, _EDGE, 8)
        asking.setSpacing(12)
        asking.addWidget(self.field)
        asking.addWidget(self.note, 1)
        asking.addStretch()
        body = QHBoxLayout()
        body.setContentsMargins(_EDGE, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.list)
        body.addWidget(self._right(), 1)
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(asking)
        column.addLayout(body, 1)
        theme.current().changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        self.list.hide()
        self._whole.addWidget(both)
        self.missing = EmptyState()
        self._whole.addWidget(self.missing)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._whole, 1)

    def _right(self) -> QWidget:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(_EDGE, 4, _EDGE, _EDGE)
        column.setSpacing(12)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        for button in (self.rename, self.forget, self.cancel):
            head.addWidget(button)
        column.addLayout(head)
        column.addWidget(self.banner)
        self.rows.setSpacing(6)
        column.addLayout(self.rows)
        column.addWidget(Hairline())
        column.addWidget(PlainLabel("The whole answer", "small", "text_2"))
        column.addWidget(self.raw)
        column.addStretch(1)
        self._content = ScrollArea(content)
        self._stack.addWidget(self.state)
        self._stack.addWidget(self._content)
        return self._stack

    def _connect(self) -> None:
        self.start.clicked.connect(self.start_requested)
        self.again.clicked.connect(self.again_requested)
        self.cancel.clicked.connect(self.cancel_requested)
        self.rename.clicked.connect(self.name_requested)
        self.forget.clicked.connect(self.forget_requested)
        self.field.returnPressed.connect(self._on_entered)
        self.list.itemClicked.connect(self._on_chosen)
        self.list.itemActivated.connect(self._on_chosen)
        self.missing.action_requested.connect(self.connect_requested)

    def show_missing(self, title: str, text: str, action: str) -> None:
        """Say that there is nobody to ask."""
        self.missing.set_state("cloud-off", title, text, action)
        self._whole.setCurrentWidget(self.missing)
        self.again.hide()

    def show_offers(self, *, start: bool, cancel: bool) -> None:
        """Offer what this server has, and no more."""
        self.start.setVisible(start)
        self.cancel.setVisible(cancel)

    def show_list(self, trainings: Sequence[Training], current: str, note: str) -> None:
        self.list.clear()
        for one in trainings:
            text = f"{one.shown} · {one.status}" if one.status else one.shown
            entry = QListWidgetItem(text)
            entry.setData(Qt.ItemDataRole.UserRole, one.id)
            entry.setToolTip(one.id)
            self.list.addItem(entry)
            if one.id == current:
                self.list.setCurrentItem(entry)
        # Without any the words beside it stand in the middle of the page.
        self.list.setVisible(bool(trainings))
        self.note.setText(note)
        self.note.setVisible(bool(note))

    def show_nothing(self) -> None:
        self.state.set_state(
            "sparkles", "Look at a training",
            "Enter the id that was told when it was started. It is remembered here.",
        )  # fmt: skip
        self._stack.setCurrentWidget(self.state)

    def show_loading(self, what: str) -> None:
        self.state.set_loading("Asking how it is doing…", what)
        self._stack.setCurrentWidget(self.state)

    def show_failure(self, title: str, text: str) -> None:
        self.state.set_state("circle-alert", title, text)
        self._stack.setCurrentWidget(self.state)

    def show_answer(
        self, title: str, rows: Sequence[tuple[str, str]], raw: str, trouble: str = ""
    ) -> None:
        """Show what the server said, as lines and as it is."""
        self.title.setText(title)
        for line in self._lines:
            self.rows.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._texts = list(rows)
        self._lines = [_Line(name, value) for name, value in rows]
        for line in self._lines:
            self.rows.addWidget(line)
        self.raw.setPlainText(raw)
        self.banner.set_message(trouble, Tone.WARNING)
        self.banner.setVisible(bool(trouble))
        self._stack.setCurrentWidget(self._content)

    def texts(self) -> list[tuple[str, str]]:
        """The lines that are shown."""
        return self._texts

    def _on_entered(self) -> None:
        text = self.field.text().strip()
        if text:
            self.look_requested.emit(text)

    def _on_chosen(self, entry: QListWidgetItem) -> None:
        self.look_requested.emit(str(entry.data(Qt.ItemDataRole.UserRole)))

    def _on_theme_changed(self) -> None:
        for widget in (self.field, self.list):
            widget.setFixedWidth(theme.current().px(_LIST_WIDTH))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(_MIN_WIDTH, super().minimumSizeHint().height())


class _Line(QWidget):
    def __init__(self, title: str, value: str) -> None:
        super().__init__()
        self.setAccessibleName(f"{title}: {value}")
        name = ElidedLabel(title, "small", "text_2")
        name.setFixedWidth(theme.current().px(180))
        text = PlainLabel(value, "body", wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(text, 1)
