"""The usage page, made when it is first opened in a workspace."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from scenario_desktop.ui import dialogs
from scenario_desktop.ui.forms.drafts import SettingsAccess, SettingsDrafts
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.models.picture_store import PictureStore

if TYPE_CHECKING:  # for cost: a start needs neither the page nor what it shows
    from scenario_desktop.services.session import Session
    from scenario_desktop.ui.panels.usage.controller import UsageController
    from scenario_desktop.ui.panels.usage.view import UsageView

PAGE = "usage"


class UsageRoom(QObject):
    """Owns the page and its controller while a workspace is open.

    Attributes:
        choose_path: asks where an exported file goes, by its name and the dialog's filters; None
            stands for the user's no.

    Signals:
        reveal_requested: a tuple of asset ids to show in the library.
        job_requested: the id of a row of the record, to be shown in the job panel.
        budget_requested: the month's budget should be set.
        keys_requested: the workspace's keys should be looked at.
        month_told: (Creative Units, when) of this month, by the service.
    """

    reveal_requested = Signal(object)
    job_requested = Signal(str)
    budget_requested = Signal()
    keys_requested = Signal()
    month_told = Signal(object, object)

    def __init__(self, window: MainWindow, settings: SettingsAccess, store: PictureStore) -> None:
        super().__init__(window)
        self._window, self._settings, self._store = window, settings, store
        self._memory = SettingsDrafts(settings)
        self.choose_path: Callable[[str, str], Awaitable[Path | None]] = self._ask_path
        self._session: Session | None = None
        self._view: UsageView | None = None
        self.controller: UsageController | None = None

    @property
    def view(self) -> UsageView | None:
        """The page, once it was opened."""
        return self._view

    def bind(self, session: Session) -> None:
        self._session = session

    def unbind(self) -> None:
        """Take everything down."""
        self._session = None
        view, controller = self._view, self.controller
        self._view = self.controller = None
        if controller is not None:
            controller.close()
        if view is not None:
            self._window.remove_page(PAGE)
            view.deleteLater()

    def open(self) -> None:
        """Bring the page to the front, and read anew what is older than a minute."""
        if self._session is None:
            return
        if self.controller is None:
            self._make(self._session)
        self._window.set_page(PAGE)
        if self.controller is not None:
            self.controller.open()

    def look_again(self) -> None:
        """Take note that the budget may be another one now."""
        if self.controller is not None and self._window.page == PAGE:
            self.controller.look_again()

    def _make(self, session: Session) -> None:
        controllers = importlib.import_module("scenario_desktop.ui.panels.usage.controller")
        ports = importlib.import_module("scenario_desktop.ui.panels.usage.ports")
        views = importlib.import_module("scenario_desktop.ui.panels.usage.view")
        usage = session.usage
        view: UsageView = views.UsageView(usage.zone)
        controller: UsageController = controllers.UsageController(
            view,
            ports.UsagePorts(
                usage=usage, items=session.library, store=self._store,
                messages=self._window.notices, budget=self._budget,
                choose_path=self._choose_path, has_account=session.has_scenario,
                remembered=partial(self._memory.load, PAGE),
                remember=partial(self._memory.save, PAGE),
            ),
        )  # fmt: skip
        controller.asset_requested.connect(self._on_asset)
        controller.job_requested.connect(self.job_requested)
        controller.budget_requested.connect(self.budget_requested)
        controller.keys_requested.connect(self.keys_requested)
        controller.month_told.connect(self.month_told)
        self._view, self.controller = view, controller
        self._window.add_page(PAGE, view)

    def _budget(self) -> Decimal | None:
        budget: Decimal | None = self._settings.settings.spending.monthly_budget
        return budget

    async def _choose_path(self, name: str, filters: str) -> Path | None:
        return await self.choose_path(name, filters)

    async def _ask_path(self, name: str, filters: str) -> Path | None:
        return await dialogs.choose_save_path(self._window, "Export", name, filters=filters)

    def _on_asset(self, asset_id: str) -> None:
        self.reveal_requested.emit((asset_id,))
