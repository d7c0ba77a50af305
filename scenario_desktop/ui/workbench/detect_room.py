"""The detect page and its form, made anew for each workspace that is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import Item
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.forms.drafts import SettingsAccess, SettingsDrafts
from scenario_desktop.ui.main_window import DockKind, MainWindow
from scenario_desktop.ui.panels.detect.controller import DetectController
from scenario_desktop.ui.panels.detect.dock import DetectDock
from scenario_desktop.ui.panels.detect.page import DetectPage
from scenario_desktop.ui.panels.detect.ports import DetectPorts

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session

PAGE = "detect"


class DetectRoom(QObject):
    """Owns page, dock and controller while a workspace is open.

    Signals:
        left: the user wants back to where the pictures are.
        jobs_started: ids of the ledger rows that were sent.
        settings_requested: the spending limit should be changed.
    """

    left = Signal()
    jobs_started = Signal(object)
    settings_requested = Signal()

    def __init__(
        self, window: MainWindow, commands: CommandRegistry, settings: SettingsAccess
    ) -> None:
        super().__init__(window)
        self._window, self._commands, self._settings = window, commands, settings
        self._parts: tuple[DetectPage, DetectDock] | None = None
        self.controller: DetectController | None = None

    def bind(self, session: Session, *, is_local: bool) -> None:
        page, dock = DetectPage(), DetectDock()
        ports = DetectPorts(
            detect=session.detect,
            large=session.previews,
            small=session.thumbnails,
            imports=session.imports,
            items=session.library,
            guard=session.guard,
            messages=self._window.notices,
            drafts=SettingsDrafts(self._settings),
            previewable=session.detect.PREVIEWABLE,
            is_local=is_local,
        )
        self._parts = page, dock
        self._window.add_page(PAGE, page)
        self._window.set_dock(dock, DockKind.FORM, page=PAGE)
        self.controller = DetectController(page, dock, ports)
        self.controller.jobs_started.connect(self.jobs_started)
        self.controller.settings_requested.connect(self.settings_requested)
        page.back_requested.connect(self.left)
        dock.close_requested.connect(self.left)

    def unbind(self) -> None:
        """Leave the page and take everything down."""
        self.close()
        if self._parts is None:
            return
        page, dock = self._parts
        self._parts = self.controller = None
        self._window.remove_page(PAGE)
        dock.deleteLater()
        page.deleteLater()

    def open(self, items: Sequence[Item], request: Mapping[str, Any] | None = None) -> None:
        """Bring the form to the front for these pictures."""
        if self.controller is None:
            return
        self.controller.open(items, request)
        self._commands.add(*self.controller.commands())
        self._window.set_page(PAGE)
        self._window.show_dock(True)  # without its form the page leads nowhere

    def set_left(self, left: Decimal | None) -> None:
        """Say how many Creative Units the plan has left, where that is known."""
        if self.controller is not None:
            self.controller.set_left(left)

    def look_again(self) -> None:
        """Take note that the spending limit may be another one now."""
        if self.controller is not None:
            self.controller.look_again()

    def close(self) -> None:
        """Take away the commands that belong to the page in front."""
        if self.controller is not None:
            self._commands.remove(*(command.id for command in self.controller.commands()))
