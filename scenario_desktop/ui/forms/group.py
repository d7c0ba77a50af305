"""Fields that stand together in a form, under a heading to open and close them by, or without."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.field_row import FieldRow
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import PlainLabel

ROW_GAP = 16
#: Around the line between parts that have headings of their own.
_HEADING_GAP = 6


class Group(QWidget):
    """Rows that stand together, below a line where they are not the first.

    Args:
        heading: what to open and close it by; without one it is always open.
        counts_changes: the heading tells how many of its fields are changed.
        is_dense: others in the form have headings, which part them well enough.
    """

    def __init__(
        self,
        heading: str,
        inset: int,
        *,
        is_open: bool = True,
        counts_changes: bool = False,
        is_dense: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._rows: list[FieldRow] = []
        self._has_heading = bool(heading)
        self._counts_changes = counts_changes
        self._is_open = is_open or not heading
        self._is_forced_open = False
        self._line = _Line(inset, _HEADING_GAP if is_dense else ROW_GAP)
        self._below = ROW_GAP - _HEADING_GAP if is_dense else 0
        self._title = PlainLabel("", "small", "text_2")
        self._heading = Button(heading, kind=ButtonKind.HEADING, size=ButtonSize.SMALL)
        self._heading.clicked.connect(self._on_heading_clicked)
        self._heading.setVisible(self._has_heading)
        self._changes = PlainLabel("", "small", "accent_text")
        self._changes.hide()
        self._body = QWidget()
        self._box = QVBoxLayout(self._body)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(ROW_GAP)
        head = QHBoxLayout()
        head.setContentsMargins(inset, 0, inset, 0)
        head.addWidget(self._heading)
        head.addStretch(1)
        head.addWidget(self._changes)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._line)
        layout.addLayout(head)
        title_row = QVBoxLayout()
        title_row.setContentsMargins(inset, 0, inset, 0)
        title_row.addWidget(self._title)
        layout.addLayout(title_row)
        layout.addWidget(self._body)
        self.set_title("")
        self._show()

    @property
    def is_open(self) -> bool:
        return self._is_open or self._is_forced_open

    def add(self, row: FieldRow) -> None:
        self._rows.append(row)
        self._box.addWidget(row)

    def set_title(self, title: str) -> None:
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._title.setContentsMargins(0, 0, 0, 8 if title else 0)

    def set_open(self, is_open: bool) -> None:
        self._is_open = is_open or not self._has_heading
        self._show()

    def force_open(self, is_forced: bool) -> None:
        """Show all that is in it, such as what a search has found, without changing its state."""
        self._is_forced_open = is_forced
        self._show()

    def update_shown(self, is_first: bool) -> bool:
        """Hide it when all its rows are hidden; return whether the next group comes first."""
        is_used = any(not row.isHidden() for row in self._rows)
        self.setVisible(is_used)
        self._line.setVisible(not is_first)
        return is_first and not is_used

    def update_changes(self) -> None:
        """Tell how many of its fields are changed."""
        count = sum(row.is_changed for row in self._rows)
        self._changes.setText(f"{count} changed" if count else "")
        self._changes.setVisible(self._counts_changes and bool(count))

    def changes_text(self) -> str:
        return self._changes.text()

    def open_for_errors(self) -> None:
        if not self._is_open and any(row.has_error for row in self._rows):
            self.set_open(True)

    def _on_heading_clicked(self) -> None:
        self.set_open(not self._is_open)

    def _show(self) -> None:
        self._heading.set_icon("chevron-down" if self.is_open else "chevron-right")
        state = "open" if self.is_open else "closed"
        self._heading.setAccessibleDescription(state)
        self._body.setVisible(self.is_open)
        self._box.setContentsMargins(0, 8 if self._has_heading else 0, 0, self._below)


class _Line(QWidget):
    """A thin line with room around it, between groups."""

    def __init__(self, inset: int, gap: int) -> None:
        super().__init__()
        self._inset, self._gap = inset, gap
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        return QSize(1, 2 * self._gap + 1)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        color = theme.current().tokens.line_subtle
        width = self.width() - 2 * self._inset
        QPainter(self).fillRect(self._inset, self._gap, width, 1, color)
