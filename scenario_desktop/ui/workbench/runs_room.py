"""The page of runs and its form, made anew for each workspace that is opened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QCursor

from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.forms.drafts import SettingsAccess, SettingsDrafts
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.runs.controller import NO_ACCOUNT, RunsController
from scenario_desktop.ui.panels.runs.dock import RunsDock
from scenario_desktop.ui.panels.runs.kinds import BY_COMMAND, KINDS
from scenario_desktop.ui.panels.runs.page import RunsPage
from scenario_desktop.ui.panels.runs.ports import RunsPorts, Service
from scenario_desktop.ui.panels.runs.state import RunDraft, agentic_text
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.workbench import training_room
from scenario_desktop.ui.workbench.chosen import NO_WORKSPACE, Choice
from scenario_desktop.ui.workbench.downloading import open_in_player
from scenario_desktop.ui.workbench.form_room import FormRoom

if TYPE_CHECKING:
    from scenario_desktop.services.sartiq.runs import Runs
    from scenario_desktop.services.session import Session

PAGE = "runs"
#: The entry of the sidebar, and the command behind it.
NEW = "runs.new"


class RunsRoom(FormRoom):
    """Has the forms of all that the second service makes.

    Signals:
        jobs_requested: a row that should be shown among the jobs.
    """

    jobs_requested = Signal(str)

    controller: RunsController | None

    def __init__(
        self,
        window: MainWindow,
        commands: CommandRegistry,
        settings: SettingsAccess,
        choice: Choice,
        player_folder: Path,
    ) -> None:
        """
        Args:
            player_folder: where videos lie that a player shows; whoever owns it empties it.
        """
        super().__init__(window, commands, PAGE)
        self._player_folder = player_folder
        self._settings, self._choice = settings, choice
        self._session: Session | None = None
        self._reason = NO_WORKSPACE
        self.starting = AsyncAction(self._start, parent=self)
        self.starting.failed.connect(window.notices.report)
        commands.add(*self._own_commands())

    def _own_commands(self) -> list[Command]:
        new = Command(
            NEW, "New with Sartiq…", self._offer, icon="sparkles", shortcut="N",
            reason=self._why_no_workspace,
            words="create generate video edit adjust background faces",
        )  # fmt: skip
        return [
            new,
            *(
                Command(
                    kind.command, f"{kind.title}…", partial(self.starting.trigger, kind.op),
                    icon=kind.icon, reason=self.why_not, words=f"sartiq {kind.words}",
                )
                for kind in KINDS.values()
            ),
        ]  # fmt: skip

    def why_not(self) -> str:
        """Return why nothing can be made; empty where it can."""
        return self._reason

    def _why_no_workspace(self) -> str:
        return NO_WORKSPACE if self._session is None else ""

    def bind(self, session: Session) -> None:
        """Work on this workspace; the page is made when it is first wanted."""
        self._session = session
        self._reason = "" if session.sartiq is not None else NO_ACCOUNT

    def _ready(self) -> RunsController | None:
        """Return the controller of the open workspace, made if need be."""
        if self.controller is None and self._session is not None:
            self._make(self._session)
        return self.controller

    def _make(self, session: Session) -> None:
        page, dock = RunsPage(), RunsDock()
        is_there = session.sartiq is not None
        trouble = "" if is_there else " ".join(sentence(error) for error in session.troubles)
        ports = RunsPorts(
            service=_service(session),
            large=session.previews,
            small=session.thumbnails,
            items=session.library,
            guard=session.guard,
            messages=self._window.notices,
            drafts=SettingsDrafts(self._settings),
            chosen=self._choice.items,
            chosen_count=self._choice.count,
            open_outside=_Outside(session, self._player_folder),
            draft_name=f"runs:{session.workspace_id}",
            trouble=trouble,
        )
        self._move_in(page, dock)
        self.controller = RunsController(page, dock, ports)
        self._relay(
            self.controller, "jobs_started", "jobs_requested", "reveal_requested",
            "settings_requested", "connect_requested", "login_requested", "retry_requested",
        )  # fmt: skip

    def unbind(self) -> None:
        """Leave the page and take everything down."""
        self.close()
        self._session, self._reason = None, NO_WORKSPACE
        if self.controller is not None:
            self.controller.close()
        self._move_out()

    def open(self, op: Op, items: Sequence[Item] = ()) -> None:
        """Bring the form of a kind to the front, for these items where it works on pictures."""
        if controller := self._ready():
            controller.open(op, items)
            self._show()

    def open_row(self, row_id: str) -> None:
        """Bring the form to the front that a row of the jobs was made from."""
        if controller := self._ready():
            controller.restore(row_id)
            self._show()

    def open_draft(self, draft: RunDraft) -> None:
        """Bring a form to the front with these values."""
        if controller := self._ready():
            controller.show_draft(draft)
            self._show()

    async def _start(self, op: Op) -> None:
        is_here = self._window.page == PAGE
        self.open(op, [] if is_here else await self._choice.items())

    def _offer(self) -> None:
        """Let the user choose what to make; without an account show how to come by one."""
        if self._reason:
            self._ready()
            self._show()
            return
        menu = Menu(self._window, name="New with Sartiq")
        for command_id in BY_COMMAND:
            menu.add_command(self._commands, command_id)
        menu.addSeparator()
        menu.add_command(self._commands, training_room.OPEN)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._place())

    def _place(self) -> QPoint:
        place = QCursor.pos()
        is_inside = self._window.rect().contains(self._window.mapFromGlobal(place))
        return place if is_inside else self._window.mapToGlobal(self._window.rect().center())


class AttemptNotes:
    """What the list of jobs says of agentic runs while they are under way."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.changed = runs.agentic_changed

    def status_of(self, row_id: str) -> str:
        status = self._runs.agentic(row_id)
        return agentic_text(status)[1].rstrip(".") if status is not None else ""


def notes_of(session: Session) -> AttemptNotes | None:
    """Return what the list of jobs can say besides; None without the half that runs."""
    return AttemptNotes(session.sartiq.runs) if session.sartiq is not None else None


class _Outside:
    """Opens a video with the player that the system has for it."""

    def __init__(self, session: Session, folder: Path) -> None:
        self._session, self._folder = session, folder

    async def __call__(self, item: Item) -> None:
        await open_in_player(self._session, item, self._folder)


def _service(session: Session) -> Service | None:
    half = session.sartiq
    if half is None:
        return None
    from scenario_desktop.services.sartiq.run_pictures import RunPictures

    return Service(
        runs=half.runs,
        jobs=half.runs.jobs,
        known=half.remembered,
        reach=half.sync,
        addresses=RunPictures(half.files, session.previews, half.client.base_url),
        is_local=half.is_local,
    )
