"""The page of trainings, made anew for each workspace that is opened."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from scenario_desktop.services.sartiq.training_offers import TrainingOffers
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.training.controller import (
    TrainingController,
    TrainingPorts,
)
from scenario_desktop.ui.panels.training.view import TrainingPage
from scenario_desktop.ui.workbench.spend import why_no_spending

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session

PAGE = "training"
OPEN = "training.open"


class TrainingRoom(QObject):
    """Owns page and controller while a workspace is open.

    Signals:
        left: the user wants back to where the pictures are.
        connect_requested: a connection to the service is wanted.
    """

    left = Signal()
    connect_requested = Signal()

    def __init__(self, window: MainWindow, commands: CommandRegistry) -> None:
        super().__init__(window)
        self._window = window
        self._session: Session | None = None
        self._page: TrainingPage | None = None
        self.controller: TrainingController | None = None
        commands.add(
            Command(
                OPEN, "Training…", self.open, icon="activity", reason=self._why_not,
                words="sartiq train lora subject status",
            )
        )  # fmt: skip

    def _why_not(self) -> str:
        return "No workspace is open" if self._session is None else ""

    def bind(self, session: Session) -> None:
        """Work on this workspace; the page is made when it is first wanted."""
        self._session = session

    def _make(self, session: Session) -> None:
        half = session.sartiq
        page = self._page = TrainingPage()
        offers = TrainingOffers(half.capabilities) if half is not None else None
        ports = TrainingPorts(
            trainings=half.trainings if half is not None else None,
            offers=offers,
            known=half.remembered if half is not None else None,
            messages=self._window.notices,
            may_spend=partial(why_no_spending, session),
            trouble="" if half is not None else " ".join(sentence(e) for e in session.troubles),
        )
        self._window.add_page(PAGE, page)
        self.controller = TrainingController(page, ports)
        self.controller.connect_requested.connect(self.connect_requested)
        page.back_requested.connect(self.left)

    def unbind(self) -> None:
        """Leave the page and take everything down."""
        self._session = None
        page, self._page, self.controller = self._page, None, None
        if page is not None:
            self._window.remove_page(PAGE)
            page.deleteLater()

    def open(self) -> None:
        """Bring the page to the front."""
        if self.controller is None and self._session is not None:
            self._make(self._session)
        if self.controller is not None:
            self._window.set_page(PAGE)
            self.controller.open()
