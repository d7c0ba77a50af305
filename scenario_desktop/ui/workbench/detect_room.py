"""The detect page and its form, made anew for each workspace that is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from scenario_desktop.items import Item
from scenario_desktop.ui.commands import CommandRegistry
from scenario_desktop.ui.forms.drafts import SettingsAccess, SettingsDrafts
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.detect.controller import DetectController
from scenario_desktop.ui.panels.detect.dock import DetectDock
from scenario_desktop.ui.panels.detect.page import DetectPage
from scenario_desktop.ui.panels.detect.ports import DetectPorts
from scenario_desktop.ui.workbench.form_room import FormRoom

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session

PAGE = "detect"


class DetectRoom(FormRoom):
    """Has the form for control maps."""

    controller: DetectController | None

    def __init__(
        self, window: MainWindow, commands: CommandRegistry, settings: SettingsAccess
    ) -> None:
        super().__init__(window, commands, PAGE)
        self._settings = settings

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
        self._move_in(page, dock)
        self.controller = DetectController(page, dock, ports)
        self._relay(self.controller, "jobs_started", "settings_requested")

    def unbind(self) -> None:
        """Leave the page and take everything down."""
        self.close()
        self._move_out()

    def open(self, items: Sequence[Item], request: Mapping[str, Any] | None = None) -> None:
        """Bring the form to the front for these pictures."""
        if self.controller is None:
            return
        self.controller.open(items, request)
        self._show()

    def set_left(self, left: Decimal | None) -> None:
        """Say how many Creative Units the plan has left, where that is known."""
        if self.controller is not None:
            self.controller.set_left(left)
