"""Connects the page of a generation to the services of one workspace."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPixmap

from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.items import Item
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.generation import state
from scenario_desktop.ui.panels.generation.view import GenerationDock, GenerationPage
from scenario_desktop.ui.panels.request.ports import SmallPictures, sentence

if TYPE_CHECKING:
    from scenario_desktop.api.models.sartiq.answers import (
        GenerationPublic,
        RefinePublic,
        ShotRevisionPublic,
    )
    from scenario_desktop.services.sartiq.run_generations import Asked, Whole
    from scenario_desktop.services.sartiq.run_kinds import Op

#: Changes in the library that come together are one look, milliseconds.
SETTLE_MS = 300


class Generations(Protocol):
    """Reads generations, and changes what can be changed of them."""

    async def read(self, generation_id: str) -> Whole: ...
    async def of_job(self, job_id: str) -> str: ...
    async def set_revised(self, generation_id: str, is_revised: bool) -> GenerationPublic: ...
    async def revisions(self, prediction_id: str) -> Sequence[ShotRevisionPublic]: ...


class GroupItems(Protocol):
    """The items of a generation, and when they change."""

    @property
    def changed(self) -> Any: ...
    async def generation_items(self, generation_id: str) -> list[Item]: ...


class Choosing(Protocol):
    """Marks the chosen one of a generation, where the server has that."""

    @property
    def changed(self) -> Any: ...
    @property
    def is_offered(self) -> bool: ...
    def of(self, generation: GenerationPublic) -> str: ...
    async def choose(self, item: Item) -> None: ...


class Refines(Protocol):
    """Reads the refines of a result."""

    async def of_prediction(self, prediction_id: str) -> Sequence[RefinePublic]: ...


@dataclass(frozen=True, slots=True)
class GenerationPorts:
    """All of one workspace that the page talks to.

    Attributes:
        generations: None where the workspace has no such half.
        delete: deletes a generation after asking; False when the user would rather not.
        delete_item: the same for one of its results.
        name_of: what an id is called here.
        choosing, refines: None where the workspace has no such half.
    """

    generations: Generations | None
    items: GroupItems
    small: SmallPictures
    messages: Reports
    delete: Callable[[str], Awaitable[bool]]
    delete_item: Callable[[Item], Awaitable[bool]]
    name_of: state.NameOf
    choosing: Choosing | None = None
    refines: Refines | None = None


class GenerationController(QObject):
    """Shows one generation at a time.

    Signals:
        shown: there is something to show: bring the page to the front.
        rerun_requested: what was asked, for its form.
        library_requested: the id of the generation whose items should be shown.
        gone: it was deleted, or is no longer there: leave the page.
        tool_requested: an Op, and the item to use for it.
        reveal_requested: ids of items to show in the library.
    """

    shown = Signal()
    rerun_requested = Signal(object)
    library_requested = Signal(str)
    gone = Signal()
    tool_requested = Signal(object, object)
    reveal_requested = Signal(object)

    def __init__(self, page: GenerationPage, dock: GenerationDock, ports: GenerationPorts) -> None:
        super().__init__(page)
        self._page, self._dock, self._ports = page, dock, ports
        self._id = ""
        self._whole: Whole | None = None
        self._chosen = ""
        self._is_gone = False
        self._revisions: dict[str, str] = {}
        self._make_actions()
        self._soon = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._soon.timeout.connect(self._on_settled)
        page.retry_requested.connect(self._on_retry)
        page.result_chosen.connect(self._on_chosen)
        page.library_requested.connect(self._on_library)
        page.copy_requested.connect(self._on_copy)
        page.delete_requested.connect(self.deleting.trigger)
        page.tool_requested.connect(self._on_tool)
        page.pick_requested.connect(self._on_pick)
        page.refine_opened.connect(self._on_opened)
        page.result_opened.connect(self._on_opened)
        page.result_deletion_requested.connect(self._on_result_deletion)
        dock.revised_changed.connect(self.revising.trigger)
        dock.rerun_requested.connect(self._on_rerun)
        ports.items.changed.connect(self._on_library_changed)
        if ports.choosing is not None:
            ports.choosing.changed.connect(self._tell)

    def _make_actions(self) -> None:
        restart, report = Overlap.RESTART, self._ports.messages.report
        self.reading = AsyncAction(self._read, parent=self, overlap=restart)
        self.reading.failed.connect(self._on_failed)
        self.finding = AsyncAction(self._find, parent=self, overlap=restart)
        self.refreshing = AsyncAction(self._refresh, parent=self, overlap=restart)
        self.filling = AsyncAction(self._fill, parent=self, overlap=restart)
        self.revising = AsyncAction(self._revise, parent=self)
        self.revising.failed.connect(self._on_revise_failed)
        self.deleting = AsyncAction(self._delete, parent=self)
        self.deleting_result = AsyncAction(self._delete_result, parent=self)
        self.asking = AsyncAction(self._ask_revisions, parent=self, overlap=restart)
        self.picking = AsyncAction(self._pick, parent=self)
        self.listing = AsyncAction(self._list_refines, parent=self, overlap=restart)
        for action in (
            self.finding, self.refreshing, self.filling, self.revising, self.deleting,
            self.deleting_result, self.asking, self.picking, self.listing,
        ):  # fmt: skip
            action.failed.connect(report)

    def close(self) -> None:
        """Follow nothing any more."""
        self._ports.items.changed.disconnect(self._on_library_changed)
        if self._ports.choosing is not None:
            self._ports.choosing.changed.disconnect(self._tell)

    @property
    def generation_id(self) -> str:
        return self._id

    def open(self, generation_id: str) -> None:
        """Show a generation."""
        self._id, self._whole, self._chosen = generation_id, None, ""
        self._is_gone = False
        self._revisions.clear()
        self._page.refines.show_refines([])
        self._page.show_loading()
        self._dock.show_asked([], "")
        self._dock.show_revised(False, is_enabled=False)
        self._dock.show_rerun("It is being read.", "")
        self.shown.emit()
        self.reading.trigger(generation_id)

    def open_job(self, job_id: str) -> None:
        """Show the generation that a job is of."""
        self.finding.trigger(job_id)

    def look_again(self) -> None:
        if self._id:
            self.open(self._id)

    def _on_retry(self) -> None:
        if self._is_gone:
            self.gone.emit()
        else:
            self.look_again()

    async def _find(self, job_id: str) -> None:
        generations = self._ports.generations
        found = await generations.of_job(job_id) if generations is not None else ""
        if found:
            self.open(found)
        else:
            self._ports.messages.toast("Its generation is not known here")

    async def _read(self, generation_id: str) -> None:
        generations = self._ports.generations
        if generations is None:
            raise NotFound("There is no connection to Sartiq.")
        whole = await generations.read(generation_id)
        self._whole = whole
        first = next((i for i in whole.items if i.is_prediction), None)
        self._chosen = first.id if first is not None else ""
        self._show()
        self._ask()

    def _on_failed(self, error: object) -> None:
        is_gone = isinstance(error, NotFound)
        title = "It is no longer there" if is_gone else "The generation cannot be shown"
        self._is_gone = is_gone
        self._page.show_failure(
            title, sentence(error), "To the library" if is_gone else "Try again"
        )
        self._dock.show_rerun("There is nothing to run again.", "")

    def _show(self) -> None:
        whole = self._whole
        if whole is None:
            return
        trouble = ""
        if whole.error is not None:
            trouble = f"{sentence(whole.error)} This is what was known here before."
        self._page.show_whole(
            f"{state.title_of(whole)} generation",
            state.stats_text(whole.stats, whole.items),
            trouble,
        )
        parameters = state.parameters_of(whole, self._ports.name_of)
        self._dock.show_asked(parameters, state.changes_text(whole, parameters))
        self._dock.show_revised(whole.generation.revised, is_enabled=whole.error is None)
        note = "" if whole.asked.is_whole else "Not all that was asked is told: check the form."
        self._dock.show_rerun(state.why_no_rerun(whole.asked), note)
        predictions = [item for item in whole.items if item.is_prediction]
        self._page.show_results(predictions, self._chosen, self._picked())
        self._tell()
        self.filling.trigger(predictions)

    def _tell(self) -> None:
        """Say of the chosen result what its tile does not."""
        whole, item = self._whole, self._item()
        if whole is None or item is None:
            self._page.detail.setText("")
            self._page.show_pick(False)
            self._page.set_usable("There is no result")
            return
        is_picture = item.status == "success" and item.kind == "image"
        self._page.set_usable("" if is_picture else "Only pictures can be worked on")
        choosing = self._ports.choosing
        is_offered = choosing is not None and choosing.is_offered and whole.error is None
        is_open = item.status == "success" and item.id != self._picked()
        self._page.show_pick(is_offered and is_open)
        errors = {p.id: p.error_message for p in whole.generation.predictions}
        why = errors.get(item.id)
        parts = [f"Failed: {why}" if why and item.status == "error" else "",
                 self._revisions.get(item.id, "")]  # fmt: skip
        self._page.detail.setText(" ".join(part for part in parts if part))

    def _item(self) -> Item | None:
        items = self._whole.items if self._whole is not None else ()
        return next((item for item in items if item.id == self._chosen), None)

    async def _fill(self, items: Sequence[Item]) -> None:
        for item in items:
            if item.status != "success" or not self._page.lacks_picture(item.id):
                continue
            picture = QPixmap()
            # Without a picture the tile keeps its icon, and its words say what it is.
            with contextlib.suppress(AppError):
                picture.loadFromData(await self._ports.small.get(item))
            self._page.set_picture(item.id, picture)

    # What the user does

    def _on_chosen(self, item_id: str) -> None:
        self._chosen = item_id
        whole = self._whole
        if whole is not None:
            predictions = [i for i in whole.items if i.is_prediction]
            self._page.show_results(predictions, item_id, self._picked())
        self._tell()
        self._ask()

    def _picked(self) -> str:
        """Return the id of the result that is marked as chosen; empty for none."""
        choosing, whole = self._ports.choosing, self._whole
        return choosing.of(whole.generation) if choosing is not None and whole is not None else ""

    def _ask(self) -> None:
        self._page.refines.show_refines([])
        self.listing.trigger(self._chosen)
        if self._chosen and self._chosen not in self._revisions:
            self.asking.trigger(self._chosen)

    async def _ask_revisions(self, prediction_id: str) -> None:
        generations = self._ports.generations
        if generations is None:
            return
        # That shots are not told of is no reason to bother the user.
        with contextlib.suppress(AppError):
            found = await generations.revisions(prediction_id)
            self._revisions[prediction_id] = state.revisions_text(tuple(found))
            self._tell()

    async def _list_refines(self, prediction_id: str) -> None:
        """Show the refines of a result; that it has none costs no request."""
        refines = self._ports.refines
        item = self._item()
        if refines is None or item is None or not item.versions:
            return
        # Without them the page is whole all the same: they lie on the result in the library, too.
        with contextlib.suppress(AppError):
            found = await refines.of_prediction(prediction_id)
            if self._chosen == prediction_id:
                newest = sorted(found, key=lambda one: str(one.created_at or ""), reverse=True)
                self._page.refines.show_refines([state.refine_line(one) for one in newest])

    def _on_pick(self) -> None:
        self.picking.trigger(self._item())

    async def _pick(self, item: Item | None) -> None:
        choosing = self._ports.choosing
        if choosing is None or item is None:
            return
        await choosing.choose(item)
        self._ports.messages.toast("Marked as the chosen one of its generation")
        whole = self._whole
        if whole is not None and item.group_id == self._id:
            # So that a server which tells the mark and one which does not are shown alike.
            told = whole.generation.predictions
            marked = [
                one.model_copy(update={"selected": one.id == item.id})
                if "selected" in one.model_fields_set
                else one
                for one in told
            ]
            kept = whole.generation.model_copy(update={"predictions": tuple(marked)})
            self._whole = replace(whole, generation=kept)
            self._show()

    def _on_opened(self, item_id: str) -> None:
        self.reveal_requested.emit((item_id,))

    async def _revise(self, is_revised: bool) -> None:
        generations, whole = self._ports.generations, self._whole
        if generations is None or whole is None:
            return
        self._dock.revised.setEnabled(False)
        changed = await generations.set_revised(self._id, is_revised)
        if self._whole is whole:
            kept = whole.generation.model_copy(update={"revised": changed.revised})
            self._whole = replace(whole, generation=kept)
            self._dock.show_revised(changed.revised, is_enabled=True)

    def _on_revise_failed(self, _error: object) -> None:
        if self._whole is not None:
            self._dock.show_revised(self._whole.generation.revised, is_enabled=True)

    async def _delete(self) -> None:
        if self._id and await self._ports.delete(self._id):
            self.gone.emit()

    def _on_result_deletion(self, item_id: str) -> None:
        whole = self._whole
        items = whole.items if whole is not None else ()
        self.deleting_result.trigger(next((item for item in items if item.id == item_id), None))

    async def _delete_result(self, item: Item | None) -> None:
        if item is None or not await self._ports.delete_item(item):
            return
        left = await self._ports.items.generation_items(self._id)
        if not left and item.group_id == self._id:
            self.gone.emit()

    def _on_rerun(self) -> None:
        if self._whole is not None:
            asked: Asked = self._whole.asked
            self.rerun_requested.emit(asked)

    def _on_tool(self, op: Op) -> None:
        item = self._item()
        if item is not None:
            self.tool_requested.emit(op, item)

    def _on_library(self) -> None:
        self.library_requested.emit(self._id)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._id)
        self._ports.messages.toast("Copied the ID")

    # News

    def _on_library_changed(self, _change: object) -> None:
        if self._whole is not None and self._page.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _on_settled(self) -> None:
        if self._whole is not None:
            self.refreshing.trigger()

    async def _refresh(self) -> None:
        """Show anew what is known of its results; nothing is asked of the service."""
        whole = self._whole
        if whole is None:
            return
        items = tuple(await self._ports.items.generation_items(self._id))
        if self._whole is whole and items != whole.items:
            self._whole = replace(whole, items=items, stats=None)
            self._show()
