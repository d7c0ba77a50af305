"""The settings dialog: sections at the left, one of them open. Changes apply at once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.dialogs import ACCEPTED, Dialog
from scenario_desktop.ui.forms.form import Form
from scenario_desktop.ui.forms.spec import fields_of_model
from scenario_desktop.ui.panels.settings.state import (
    AppearanceDraft,
    CanvasDraft,
    SpendingDraft,
    StorageDraft,
    size_text,
)
from scenario_desktop.ui.panels.workspaces.list_view import WorkspaceList
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonSize
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.progress import ProgressBar
from scenario_desktop.ui.widgets.surface import Hairline

_WIDTH = 720
_NAV_WIDTH = 168


class SettingsSection(StrEnum):
    """What can be opened directly."""

    APPEARANCE = "appearance"
    STORAGE = "storage"
    SPENDING = "spending"
    CANVAS = "canvas"
    WORKSPACES = "workspaces"
    ABOUT = "about"


_SECTIONS = (
    (SettingsSection.APPEARANCE, "Appearance", "palette"),
    (SettingsSection.STORAGE, "Storage", "hard-drive"),
    (SettingsSection.SPENDING, "Spending", "wallet"),
    (SettingsSection.CANVAS, "Canvas", "brush"),
    (SettingsSection.WORKSPACES, "Workspaces", "layers"),
    (SettingsSection.ABOUT, "About", "info"),
)


@dataclass(frozen=True, slots=True)
class About:
    """What a report of a fault should begin with."""

    version: str
    lines: tuple[str, ...]


class SettingsDialog(Dialog):
    """Shows the settings; tells what the user changes.

    Attributes:
        appearance, storage, spending, canvas: the forms.
        workspaces: the list of workspaces.

    Signals:
        clear_requested: throw the kept thumbnails away.
        open_folder_requested: show the data folder in the system's file manager.
    """

    clear_requested = Signal()
    open_folder_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Settings", width=_WIDTH)
        self.appearance = Form(fields_of_model(AppearanceDraft))
        self.storage = Form(fields_of_model(StorageDraft))
        self.spending = Form(fields_of_model(SpendingDraft))
        self.canvas = Form(fields_of_model(CanvasDraft))
        self.workspaces = WorkspaceList()
        self._spending_note = PlainLabel("", "small", "text_3", wrap=True)
        self._used = PlainLabel("", "small", "text_2", wrap=True)
        self._used_bar = ProgressBar(name="Room taken by thumbnails")
        self._clear = Button("Clear", icon="trash-2", size=ButtonSize.SMALL)
        self._clear.clicked.connect(self.clear_requested)
        self._folder = ElidedLabel("", "small", "text_2", mode=Qt.TextElideMode.ElideMiddle)
        self._about = QVBoxLayout()
        self._about.setSpacing(8)
        self._about_text = ""
        self._stack = QStackedWidget()
        self._nav: dict[SettingsSection, _NavRow] = {}
        self._build()
        self.add_action("Close", ACCEPTED)

    def _build(self) -> None:
        nav = QVBoxLayout()
        nav.setSpacing(2)
        group = QButtonGroup(self)
        pages = {
            SettingsSection.APPEARANCE: self._appearance_page,
            SettingsSection.STORAGE: self._storage_page,
            SettingsSection.SPENDING: self._spending_page,
            SettingsSection.CANVAS: self._canvas_page,
            SettingsSection.WORKSPACES: self._workspaces_page,
            SettingsSection.ABOUT: self._about_page,
        }
        for section, title, icon in _SECTIONS:
            row = _NavRow(title, icon)
            group.addButton(row)
            row.clicked.connect(self._on_nav_clicked)
            self._nav[section] = row
            nav.addWidget(row)
            page = pages[section]()
            page.addStretch(1)
            holder = QWidget()
            holder.setLayout(page)
            self._stack.addWidget(holder)
        nav.addStretch(1)
        line = QHBoxLayout()
        line.setSpacing(20)
        line.addLayout(nav)
        line.addWidget(self._stack, 1)
        self.body.addLayout(line)
        self.show_section(SettingsSection.APPEARANCE)

    def show_section(self, section: SettingsSection) -> None:
        self._nav[section].setChecked(True)
        self._stack.setCurrentIndex(list(self._nav).index(section))

    def show_spending_note(self, text: str) -> None:
        """Say what the chosen limit means in use."""
        self._spending_note.setText(text)

    def show_used(self, used_bytes: int | None, limit_bytes: int) -> None:
        """Show how much room the thumbnails take; None while that is being counted."""
        if used_bytes is None:
            self._used.setText("Counting…")
            self._used_bar.set_fraction(None)
        else:
            self._used.setText(f"{size_text(used_bytes)} of {size_text(limit_bytes)} used")
            self._used_bar.set_fraction(min(1.0, used_bytes / limit_bytes))
        self._clear.setEnabled(bool(used_bytes))

    def show_clearing(self, is_clearing: bool) -> None:
        self._clear.set_busy(is_clearing)

    def show_folder(self, folder: Path) -> None:
        self._folder.setText(str(folder))

    def show_about(self, about: About) -> None:
        self._about.addWidget(PlainLabel(f"Scenario Desktop {about.version}", "title"))
        for text in about.lines:
            self._about.addWidget(PlainLabel(text, "body", "text_2", wrap=True))
        self._about_text = "\n".join((f"Scenario Desktop {about.version}", *about.lines))
        copy = Button("Copy", icon="copy", size=ButtonSize.SMALL)
        copy.clicked.connect(self._on_copy)
        self._about.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)

    def _appearance_page(self) -> QVBoxLayout:
        return _column(self.appearance)

    def _storage_page(self) -> QVBoxLayout:
        used = QHBoxLayout()
        used.setSpacing(12)
        used.addWidget(self._used, 1)
        used.addWidget(self._clear)
        opens = Button("Open", icon="folder-open", size=ButtonSize.SMALL)
        opens.setAccessibleName("Open the data folder")
        opens.clicked.connect(self.open_folder_requested)
        folder = QHBoxLayout()
        folder.setSpacing(12)
        folder.addWidget(self._folder, 1)
        folder.addWidget(opens)
        column = _column(self.storage)
        column.addWidget(self._used_bar)
        column.addLayout(used)
        column.addWidget(Hairline())
        column.addWidget(PlainLabel("Data folder", "body_strong"))
        column.addLayout(folder)
        column.addWidget(
            PlainLabel(
                "Your settings, the copy of each library, the list of jobs, and the pictures of "
                "“On this computer”.",
                "small",
                "text_3",
                wrap=True,
            )
        )
        return column

    def _spending_page(self) -> QVBoxLayout:
        column = _column(self.spending)
        column.addWidget(self._spending_note)
        return column

    def _canvas_page(self) -> QVBoxLayout:
        return _column(self.canvas)

    def _workspaces_page(self) -> QVBoxLayout:
        return _column(self.workspaces)

    def _about_page(self) -> QVBoxLayout:
        column = _column()
        column.addLayout(self._about)
        return column

    def _on_nav_clicked(self) -> None:
        for index, row in enumerate(self._nav.values()):
            if row.isChecked():
                self._stack.setCurrentIndex(index)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._about_text)


def _column(*widgets: QWidget) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    for widget in widgets:
        column.addWidget(widget)
    return column


class _NavRow(QAbstractButton):
    """One section in the list at the left."""

    def __init__(self, title: str, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.setText(title)
        self.setCheckable(True)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        words = look.metrics("body_strong").horizontalAdvance(self.text())
        return QSize(max(_NAV_WIDTH, words + look.px(16) + 32), look.height(28))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        tokens = look.tokens
        painter = painting.antialiased(QPainter(self))
        is_on = self.isChecked()
        if is_on or self.underMouse():
            fill = tokens.accent_soft if is_on else tokens.hover_raised
            painting.box(painter, self.rect(), 6, fill)
        side = look.px(16)
        color = tokens.accent_text if is_on else tokens.text_2
        icons.paint(painter, QRectF(8, 0, side, self.height()), self._icon, 16, color)
        words = QRectF(self.rect()).adjusted(16 + side, 0, -8, 0)
        tone = tokens.text if is_on else tokens.text_2
        painting.text(painter, words, self.text(), look.font("body_strong"), tone)
