"""The page of a generation, made anew for each workspace that is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from scenario_desktop.items import Item
from scenario_desktop.ui.main_window import MainWindow
from scenario_desktop.ui.panels.generation.controller import (
    GenerationController,
    GenerationPorts,
)
from scenario_desktop.ui.panels.generation.view import GenerationDock, GenerationPage
from scenario_desktop.ui.panels.runs.state import RunDraft
from scenario_desktop.ui.workbench.deletion_talk import DeletionTalk
from scenario_desktop.ui.workbench.form_room import PageRoom

if TYPE_CHECKING:
    from scenario_desktop.services.sartiq.run_generations import Asked, RunGenerations
    from scenario_desktop.services.session import Session

PAGE = "generation"


class GenerationRoom(PageRoom):
    """Has one generation with all that was made of it.

    Signals:
        draft_wanted: a form should open with this RunDraft.
        library_requested: the id of a generation whose items should be shown in the library.
        tool_requested: an Op, and the item to use for it.
    """

    draft_wanted = Signal(object)
    library_requested = Signal(str)
    tool_requested = Signal(object, object)

    controller: GenerationController | None

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window, PAGE)
        self._session: Session | None = None

    def bind(self, session: Session) -> None:
        """Work on this workspace; the page is made when it is first wanted."""
        self._session = session

    def _ready(self) -> GenerationController | None:
        if self.controller is None and self._session is not None:
            self._make(self._session)
        return self.controller

    def _make(self, session: Session) -> None:
        page, dock = GenerationPage(), GenerationDock()
        talk = DeletionTalk(self._window, self._window.notices)
        ports = GenerationPorts(
            generations=_generations(session),
            items=session.library,
            small=session.thumbnails,
            messages=self._window.notices,
            delete=_Delete(session, talk),
            delete_item=_DeleteItem(session, talk),
            name_of=_Names(session),
            choosing=session.sartiq.choosing if session.sartiq is not None else None,
            refines=session.sartiq.refine_tasks if session.sartiq is not None else None,
        )
        self._move_in(page, dock)
        controller = self.controller = GenerationController(page, dock, ports)
        controller.shown.connect(self._show)
        controller.rerun_requested.connect(self._on_rerun)
        controller.gone.connect(self.left)
        self._relay(controller, "library_requested", "tool_requested", "reveal_requested")

    def unbind(self) -> None:
        """Leave the page and take everything down."""
        self._session = None
        if self.controller is not None:
            self.controller.close()
        self._move_out()

    def open(self, generation_id: str) -> None:
        """Bring a generation to the front."""
        if controller := self._ready():
            controller.open(generation_id)

    def open_job(self, job_id: str) -> None:
        """Bring the generation to the front that a job is of."""
        if controller := self._ready():
            controller.open_job(job_id)

    def _on_rerun(self, asked: Asked) -> None:
        pictures = {name: tuple(refs) for name, refs in asked.pictures.items()}
        self.draft_wanted.emit(RunDraft.of_run(asked.op, asked.body, pictures))


class _Delete:
    """Deletes a generation after asking."""

    def __init__(self, session: Session, talk: DeletionTalk) -> None:
        self._session, self._talk = session, talk

    async def __call__(self, generation_id: str) -> bool:
        return await self._talk.delete_generation(self._session.deleting, generation_id)


class _DeleteItem:
    """Deletes one result after asking."""

    def __init__(self, session: Session, talk: DeletionTalk) -> None:
        self._session, self._talk = session, talk

    async def __call__(self, item: Item) -> bool:
        return await self._talk.delete(self._session.deleting, [item.key], lambda: None)


class _Names:
    """What ids are called here."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, of: str, known_id: str) -> str:
        half = self._session.sartiq
        known = half.remembered.find(of, known_id) if half is not None else None
        return known.name if known is not None else ""


def _generations(session: Session) -> RunGenerations | None:
    half = session.sartiq
    if half is None:
        return None
    from scenario_desktop.services.sartiq.run_generations import RunGenerations

    return RunGenerations(
        half.client, half.items, session.catalogue, session.library, half.runs.jobs, half.runs
    )
