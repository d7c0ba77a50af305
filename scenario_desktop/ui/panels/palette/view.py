"""The palette as it is seen: a field over a list, floating on the dimmed window."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.panels.palette.entries import Entry
from scenario_desktop.ui.panels.palette.rows import PaletteDelegate, PaletteModel, PicturePort
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.modal import Frame, ModalLayer
from scenario_desktop.ui.widgets.surface import Hairline

TOP = 112
PAGE = 8


class _Box(Frame):
    """The floating box; a press on it is not one beside it."""

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.box().contains(event.position().toPoint()):
            event.accept()
        else:
            event.ignore()


class PaletteView(ModalLayer):
    """Field, list and foot.

    Signals:
        typed: the text of the field.
        entry_chosen: the Entry to run.
    """

    typed = Signal(str)
    entry_chosen = Signal(object)

    def __init__(self, window: QWidget, pictures: PicturePort | None = None) -> None:
        super().__init__(window)
        self._box = _Box("dialog", self)
        self._box.margin = 56
        self._box.setContentsMargins(56, 56, 56, 56)
        self._box.setAccessibleName("Commands")
        self.field = QLineEdit()
        self.field.setProperty("bare", "true")
        self.field.setAccessibleName("Command, item or tag")
        self.field.setPlaceholderText("Type a command, a name or a tag")
        self.field.setFont(theme.current().font("input_large"))
        self.field.textChanged.connect(self.typed)
        self.field.installEventFilter(self)
        self.model = PaletteModel(self)
        self.list = QListView()
        self._delegate = PaletteDelegate(self.list)
        self._delegate.pictures = pictures
        self._empty = PlainLabel("", "body", "text_2")
        self._build_list()
        self._lay_out()
        self.resized.connect(self._place)
        self.dismissed.connect(self.close_layer)

    def open(self, text: str = "") -> None:
        self.field.setText(text)
        self.show()
        self.raise_()
        self._place()
        self._box.appear()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def set_groups(self, groups: Sequence[tuple[str, Sequence[Entry]]], empty: str = "") -> None:
        """Show headings and entries; the first that can run is the current one."""
        chosen = self.current()
        self.model.set_groups(groups)
        self._empty.setText(empty)
        self._empty.setVisible(not groups)
        self.list.setVisible(bool(groups))
        rows = range(self.model.rowCount())
        same = [
            row
            for row in rows
            if chosen and (entry := self.model.entry(row)) and entry.payload == chosen.payload
        ]
        # Items arrive after the commands: what the user has walked to stays the current one.
        first = same if same and self._has_moved else [r for r in rows if self.model.entry(r)]
        if first:
            self._go_to(first[0])
        if first and not self._has_moved:
            self.list.scrollToTop()
        self._place()

    def current(self) -> Entry | None:
        return self.model.entry(self.list.currentIndex().row())

    def update_pictures(self) -> None:
        """Repaint, since a thumbnail has come."""
        self.list.viewport().update()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress:
            return isinstance(event, QKeyEvent) and self._on_key(event)
        return super().eventFilter(watched, event)

    def _on_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: PAGE,
            Qt.Key.Key_PageUp: -PAGE,
        }
        if key in steps:
            self._move(steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            entry = self.current()
            if entry is not None:
                self.entry_chosen.emit(entry)
        elif key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._move(1 if key is Qt.Key.Key_Tab else -1)
        else:
            self._has_moved = False
            return False
        return True

    def _move(self, step: int) -> None:
        self._has_moved = True
        row, way = self.list.currentIndex().row(), 1 if step > 0 else -1
        target = row
        for _ in range(abs(step)):
            following = target + way
            while 0 <= following < self.model.rowCount() and not self.model.entry(following):
                following += way
            if not 0 <= following < self.model.rowCount():
                break
            target = following
        self._go_to(target)
        if target <= 1:
            self.list.scrollToTop()

    def _go_to(self, row: int) -> None:
        self.list.setCurrentIndex(self.model.index(row))

    def _on_pressed(self, index: QModelIndex) -> None:
        entry = self.model.entry(index.row())
        if entry is not None:
            self.entry_chosen.emit(entry)

    def _on_entered(self, index: QModelIndex) -> None:
        if self.model.entry(index.row()) is not None:
            self._has_moved = True
            self.list.setCurrentIndex(index)

    def _build_list(self) -> None:
        self._has_moved = False
        view = self.list
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setAccessibleName("Results")
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.clicked.connect(self._on_pressed)
        view.entered.connect(self._on_entered)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(16, 0, 16, 0)
        head.setSpacing(12)
        head.addWidget(IconLabel("search", "text_2", 20))
        head.addWidget(self.field, 1)
        head.addWidget(KeyCap("Esc"))
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.setSpacing(6)
        for keys, word in (("Up", ""), ("Down", "move"), ("Return", "run")):
            foot.addWidget(KeyCap(keys))
            if word:
                foot.addWidget(PlainLabel(word, "small", "text_2"))
                foot.addSpacing(10)
        foot.addStretch(1)
        for hint in ("> commands", "# tags", "? help"):
            foot.addWidget(PlainLabel(hint, "small", "text_2"))
            foot.addSpacing(4)
        self._empty.setContentsMargins(20, 8, 20, 8)
        column = QVBoxLayout(self._box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addSpacing(12)
        column.addLayout(head)
        column.addSpacing(12)
        column.addWidget(Hairline("line"))
        column.addSpacing(4)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty)
        column.addSpacing(6)
        column.addWidget(Hairline("line"))
        column.addLayout(foot)

    def _place(self) -> None:
        extra = 2 * self._box.margin
        look = theme.current()
        wished = round(theme.metric("layout", "palette_width") * (1 + look.scale) / 2)
        width = min(wished, self.width() - 48)
        rows = sum(self.list.sizeHintForRow(row) for row in range(self.model.rowCount()))
        top = min(TOP, self.height() // 8)
        around = look.height(52, "input_large", 12) + look.height(44, "small", 10) + 24
        most = self.height() - top - 48 - around
        self.list.setFixedHeight(max(0, min(rows + 2, most)))
        layout = self._box.layout()
        if layout is not None:
            layout.activate()
        height = self._box.sizeHint().height()
        left = (self.width() - width) // 2 - self._box.margin
        self._box.setGeometry(QRect(left, top - self._box.margin, width + extra, height))
