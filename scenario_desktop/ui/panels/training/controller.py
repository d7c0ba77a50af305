"""Asks a server how trainings are doing, and for what it offers besides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from scenario_desktop.errors import AppError, BadInput, Forbidden, NotFound, NotOffered
from scenario_desktop.services.sartiq.trainings import id_of
from scenario_desktop.services.words import one_line
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.forms.json_editor import as_text
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.training import state
from scenario_desktop.ui.panels.training.asking import NameDialog, StartDialog
from scenario_desktop.ui.panels.training.state import Training
from scenario_desktop.ui.panels.training.view import TrainingPage

if TYPE_CHECKING:
    from scenario_desktop.services.sartiq.remembered import KnownId

#: What the ids are remembered as.
KNOWN = "training"


class Trainings(Protocol):
    """The part of the service that trains; the offers are True, False, or None before a try."""

    async def training_status(self, task_id: str) -> Any: ...
    async def get_training(self, training_id: str) -> Any: ...
    async def list_trainings(self) -> Any: ...
    async def start_training(self, body: Mapping[str, Any]) -> Any: ...
    async def cancel_training(self, training_id: str) -> Any: ...


class Offers(Protocol):
    """What of it this server has, as far as that was tried."""

    def may_list(self) -> bool: ...
    def may_read(self) -> bool: ...
    def may_start(self) -> bool: ...
    def may_cancel(self) -> bool: ...


class KnownIds(Protocol):
    """Ids that were looked at before."""

    def of(self, kind: str) -> Sequence[KnownId]: ...
    async def note(
        self, kind: str, known_id: str, name: str = "", *, is_used: bool = True
    ) -> None: ...
    async def forget(self, kind: str, known_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class TrainingPorts:
    """All of one workspace that the page talks to; no trainings without such a half.

    Attributes:
        may_spend: returns why nothing may be started now; empty where it may.
    """

    trainings: Trainings | None
    offers: Offers | None
    known: KnownIds | None
    messages: Reports
    trouble: str = ""
    may_spend: Callable[[], str] = str


class TrainingController(QObject):
    """Shows one training at a time, and those that are known.

    Signals:
        connect_requested: the workspace has no such half, and one is wanted.
    """

    connect_requested = Signal()

    def __init__(self, page: TrainingPage, ports: TrainingPorts) -> None:
        super().__init__(page)
        self._page, self._ports = page, ports
        self._id = ""
        self._listed: list[Training] = []
        self._list_trouble = ""
        self.looking = AsyncAction(self._look, parent=self, overlap=Overlap.RESTART)
        self.looking.failed.connect(self._on_look_failed)
        self.listing = AsyncAction(self._list, parent=self, overlap=Overlap.RESTART)
        self.starting = AsyncAction(self._start, parent=self)
        self.cancelling = AsyncAction(self._cancel, parent=self)
        self.naming = AsyncAction(self._name, parent=self)
        self.forgetting = AsyncAction(self._forget, parent=self)
        for action in (
            self.listing, self.starting, self.cancelling, self.naming, self.forgetting,
        ):  # fmt: skip
            action.failed.connect(self._on_failed)
        page.look_requested.connect(self.look_at)
        page.again_requested.connect(self.look_again)
        page.start_requested.connect(self.starting.trigger)
        page.cancel_requested.connect(self.cancelling.trigger)
        page.name_requested.connect(self.naming.trigger)
        page.forget_requested.connect(self.forgetting.trigger)
        page.connect_requested.connect(self.connect_requested)
        if ports.trainings is None:
            self._show_missing()
        else:
            page.show_nothing()

    def open(self) -> None:
        """Show what is known, and ask for the list where there may be one."""
        if self._ports.trainings is None:
            return
        self._show_known()
        self._show_offers()
        self.listing.trigger()
        if self._id:
            self.looking.trigger(self._id)

    def look_at(self, training_id: str) -> None:
        """Ask how one is doing."""
        self._id = one_line(training_id, 200).strip("\"'{} ")
        self._page.show_loading(self._id)
        self.looking.trigger(self._id)

    def look_again(self) -> None:
        """Ask anew."""
        self.open()

    async def _look(self, training_id: str) -> None:
        trainings, known = self._ports.trainings, self._ports.known
        if trainings is None or known is None:
            return
        answer = _joined(
            await trainings.training_status(training_id), await self._details(training_id)
        )
        await known.note(KNOWN, training_id)
        self._show_known()
        status = state.status_of(answer)
        title = self._title(training_id)
        self._page.show_answer(
            f"{title}: {status}" if status else title, state.rows_of(answer), as_text(answer)
        )

    async def _details(self, training_id: str) -> Any:
        """Return what a server tells of a training beside its status; None where it has nothing."""
        trainings, offers = self._ports.trainings, self._ports.offers
        if trainings is None or offers is None or not offers.may_read():
            return None
        try:
            return await trainings.get_training(training_id)
        except (NotOffered, NotFound, Forbidden):  # the status is enough; a lack is noted
            return None

    def _on_look_failed(self, error: object) -> None:
        if isinstance(error, NotFound):
            wrong = one_line(self._id, 80)
            text = f"Sartiq has none as “{wrong}”. Check the id, and whether it is of this account."
            self._page.show_failure("There is no training of this id", text)
        else:
            self._page.show_failure("The training could not be read", sentence(error))

    async def _list(self) -> None:
        trainings, offers = self._ports.trainings, self._ports.offers
        if trainings is None or offers is None or not offers.may_list():
            return
        try:
            answer = await trainings.list_trainings()
        except NotOffered:  # noted by the client: it is not asked again
            return
        else:
            self._listed = state.trainings_of(answer)
        finally:
            self._show_offers()
            self._show_known()

    async def _start(self) -> None:
        trainings, known = self._ports.trainings, self._ports.known
        if trainings is None or known is None:
            return
        if reason := self._ports.may_spend():
            raise BadInput(reason)
        dialog = StartDialog(
            self._page.window(), "Start a training",
            "What a training takes is documented nowhere: this object is sent as it is, once. "
            "Sartiq gives no price in advance.",
            "Start training",
        )  # fmt: skip
        if await dialogs.ask(dialog) != dialogs.ACCEPTED or dialog.object is None:
            return
        body = dialog.object
        try:
            answer = await trainings.start_training(body)
        except AppError:
            self.listing.trigger()  # where it is not known whether it runs, the list may show it
            raise
        training_id = id_of(answer)
        self._ports.messages.toast("The training was started")
        if training_id:
            await known.note(KNOWN, training_id)
            self.look_at(training_id)
        else:
            self._page.show_answer(
                "Started", state.rows_of(answer), as_text(answer),
                "The answer names no id that it could be followed by.",
            )  # fmt: skip
        self.listing.trigger()

    async def _cancel(self) -> None:
        trainings = self._ports.trainings
        if trainings is None or not self._id:
            return
        is_sure = await dialogs.confirm(
            self._page.window(), "Cancel this training?",
            f"“{self._title(self._id)}” ends where it is. What it made so far may be lost.",
            "Cancel training", is_danger=True, cancel="Let it go on",
        )  # fmt: skip
        if is_sure:
            await trainings.cancel_training(self._id)
            self.look_at(self._id)

    async def _name(self) -> None:
        known = self._ports.known
        if known is None or not self._id:
            return
        dialog = NameDialog(self._page.window(), self._name_of(self._id))
        if await dialogs.ask(dialog) == dialogs.ACCEPTED and dialog.name:
            await known.note(KNOWN, self._id, dialog.name, is_used=False)
            self._show_known()
            self.looking.trigger(self._id)

    async def _forget(self) -> None:
        known = self._ports.known
        if known is not None and self._id:
            await known.forget(KNOWN, self._id)
            self._id = ""
            self._page.show_nothing()
            self._show_known()

    def _on_failed(self, error: object) -> None:
        if isinstance(error, NotOffered):
            self._show_offers()
        self._ports.messages.report(error)

    # Showing

    def _show_missing(self) -> None:
        trouble = self._ports.trouble
        if trouble:
            self._page.show_missing("Sartiq could not be opened", trouble, "Connection…")
        else:
            self._page.show_missing(
                "No Sartiq account here",
                "Trainings are Sartiq’s. Add its address and your account to this workspace.",
                "Connect Sartiq…",
            )

    def _show_offers(self) -> None:
        offers = self._ports.offers
        if offers is not None:
            self._page.show_offers(start=offers.may_start(), cancel=offers.may_cancel())

    def _name_of(self, training_id: str) -> str:
        known = self._ports.known
        found = [one.name for one in known.of(KNOWN) if one.id == training_id] if known else []
        return next(iter(found), "")

    def _title(self, training_id: str) -> str:
        return self._name_of(training_id) or training_id

    def _show_known(self) -> None:
        known, offers = self._ports.known, self._ports.offers
        if known is None or offers is None:
            return
        listed = {one.id for one in self._listed}
        mine = [Training(one.id, one.name) for one in known.of(KNOWN) if one.id not in listed]
        named = [
            Training(one.id, self._name_of(one.id) or one.name, one.status) for one in self._listed
        ]
        note = "" if offers.may_list() else "This server has no list: ids used here are remembered."
        self._page.show_list([*named, *mine], self._id, note)


def _joined(status: Any, details: Any) -> Any:
    """Return both answers as one: a status first, then what else is told of the training."""
    if details is None:
        return status
    if isinstance(status, Mapping) and isinstance(details, Mapping):
        return {**status, **{name: value for name, value in details.items() if name not in status}}
    return details if not isinstance(status, Mapping) else status
