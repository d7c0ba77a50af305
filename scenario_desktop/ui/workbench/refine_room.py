"""The refine page and its form, made anew for each workspace that is opened."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.forms.drafts import SettingsAccess, SettingsDrafts
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.refine.controller import RefineController
from scenario_desktop.ui.panels.refine.dock import RefineDock
from scenario_desktop.ui.panels.refine.page import RefinePage
from scenario_desktop.ui.panels.refine.ports import RefinePorts, Service
from scenario_desktop.ui.panels.refine.tasks import TasksPorts, TasksTalk
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.workbench.chosen import Choice
from scenario_desktop.ui.workbench.form_room import FormRoom
from scenario_desktop.ui.workbench.spend import why_no_spending

if TYPE_CHECKING:
    from scenario_desktop.services.session import Session

PAGE = "refine"
#: What the ledger calls it.
KIND = "sartiq-refine"
_DRAFT = "refine"
#: The server's own list of refines, where it has one.
TASKS = "refine.tasks"


class RefineRoom(FormRoom):
    """Has the form for refines, and the server's list of them."""

    controller: RefineController | None

    def __init__(
        self,
        window: MainWindow,
        commands: CommandRegistry,
        settings: SettingsAccess,
        choice: Choice,
    ) -> None:
        super().__init__(window, commands, PAGE)
        self._settings, self._choice = settings, choice
        self._dock: RefineDock | None = None
        self._session: Session | None = None
        self.looking = AsyncAction(self._look, parent=self)  # that it fails is no trouble now

    def bind(self, session: Session) -> None:
        self._session = session
        page, dock = RefinePage(), RefineDock()
        troubles = "" if session.sartiq is not None else _told(session.troubles)
        ports = RefinePorts(
            service=_service(session),
            large=session.previews,
            small=session.thumbnails,
            items=session.library,
            guard=session.guard,
            messages=self._window.notices,
            drafts=SettingsDrafts(self._settings),
            chosen=self._choice.items,
            chosen_count=self._choice.count,
            draft_name=f"{_DRAFT}:{session.workspace_id}",
            trouble=troubles,
        )
        self._dock = dock
        self._move_in(page, dock)
        self.controller = RefineController(page, dock, ports)
        self._relay(
            self.controller, "jobs_started", "reveal_requested", "settings_requested",
            "connect_requested", "login_requested", "retry_requested",
        )  # fmt: skip
        dock.tasks_requested.connect(self.open_tasks)

    def unbind(self) -> None:
        """Leave the page and take everything down."""
        self.close()
        self.looking.cancel()
        self._session = None
        self._commands.remove(TASKS)
        if self.controller is not None:
            self.controller.close()
        self._dock = None
        self._move_out()

    def open(self, items: Sequence[Item] = (), request: Mapping[str, Any] | None = None) -> None:
        """Bring the form to the front, for these items or for a request that was sent before."""
        if self.controller is None:
            return
        if request is not None:
            self.controller.restore(request)
        else:
            self.controller.open(items)
        self._show()
        self.looking.trigger()

    async def _look(self) -> None:
        """Offer the server's list of refine tasks where it has one; asked once per server."""
        half = self._session.sartiq if self._session is not None else None
        if half is None or self._dock is None:
            return
        with contextlib.suppress(AppError):  # it is tried again when the page is opened again
            has_list = await half.refine_tasks.look()
            if self._dock is None or not has_list:
                return
            self._dock.has_tasks = True
            self._commands.add(
                Command(TASKS, "Refine tasks…", self.open_tasks, icon="history",
                        words="sartiq list history refines")
            )  # fmt: skip

    def open_tasks(self) -> None:
        """Show the refine tasks that the server lists."""
        session = self._session
        if session is None or session.sartiq is None:
            return
        tasks = session.sartiq.refine_tasks
        ports = TasksPorts(tasks, self._window.notices, partial(why_no_spending, session))
        talk = TasksTalk(self._window, ports)
        talk.reveal_requested.connect(self.reveal_requested)
        talk.open()


def _service(session: Session) -> Service | None:
    half = session.sartiq
    if half is None:
        return None
    from scenario_desktop.services.sartiq.handover import is_private

    hosts = [urlsplit(half.client.base_url).hostname or ""]
    if session.has_scenario:
        hosts.append(urlsplit(session.client.base_url).hostname or "")
    return Service(
        runs=half.runs,
        jobs=half.runs.jobs,
        known=half.remembered,
        reach=half.sync,
        is_local=half.is_local,
        uploads_items=any(is_private(host) for host in hosts),
    )


def _told(troubles: Sequence[object]) -> str:
    return " ".join(sentence(trouble) for trouble in troubles)
