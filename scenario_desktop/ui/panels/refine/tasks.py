"""The refine tasks that a server lists: how each stands, all it tells of one, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from scenario_desktop.api.models.sartiq.facts import End, refine_end
from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.items import Item
from scenario_desktop.ui import dialogs, theme
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.dialogs import REJECTED, Dialog
from scenario_desktop.ui.forms.json_editor import as_text
from scenario_desktop.ui.forms.text_area import TextArea
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.generation.state import refine_line
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.training.asking import StartDialog
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import PlainLabel

if TYPE_CHECKING:
    from scenario_desktop.api.models.sartiq.answers import RefinePublic

_LIST_HEIGHT = 220
_ROW = 28


class Tasks(Protocol):
    """Lists, reads and starts refine tasks."""

    @property
    def may_start(self) -> bool: ...
    async def tasks(self) -> Sequence[RefinePublic]: ...
    async def read(self, task_id: str) -> tuple[RefinePublic | None, Any]: ...
    async def start(self, body: Mapping[str, Any]) -> tuple[RefinePublic | None, Any]: ...
    async def bring(self, task: RefinePublic) -> Item: ...


@dataclass(frozen=True, slots=True)
class TasksPorts:
    """What the dialog talks to.

    Attributes:
        may_spend: returns why nothing may be started now; empty where it may.
    """

    tasks: Tasks
    messages: Reports
    may_spend: Callable[[], str]


class TasksDialog(Dialog):
    """Shows what it is given; knows no service."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Refine tasks", width=640)
        self.words = self.add_text("")
        self.list = QListWidget()
        self.list.setAccessibleName("Refine tasks, the newest first")
        self.list.setMinimumHeight(theme.current().px(_LIST_HEIGHT))
        self.raw = TextArea(6, 12, style="mono")
        self.raw.setReadOnly(True)
        self.raw.setAccessibleName("The whole answer")
        self._raw_title = PlainLabel("The whole answer", "small", "text_2")
        self.again = Button("Refresh", icon="refresh-cw", size=ButtonSize.SMALL)
        self.start = Button("New task…", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        for widget in (self.list, self._raw_title, self.raw):
            self.body.addWidget(widget)
        self.add_left(self.again)
        self.add_left(self.start)
        self.close_button = self.add_action("Close", REJECTED)
        self.show_button = self.add_action("Show result", kind=ButtonKind.PRIMARY)
        self.set_first_focus(self.list)
        self.show_task(None, "")

    def show_words(self, text: str) -> None:
        self.words.setText(text)
        self.words.setVisible(bool(text))

    def show_tasks(self, tasks: Sequence[RefinePublic], current: str) -> None:
        self.list.clear()
        for task in tasks:
            line = refine_line(task)
            entry = QListWidgetItem(f"{line.text} · {line.note}")
            entry.setData(Qt.ItemDataRole.UserRole, task.id)
            entry.setToolTip(task.id)
            entry.setSizeHint(QSize(0, theme.current().height(_ROW, "body", 4)))
            self.list.addItem(entry)
            if task.id == current:
                self.list.setCurrentItem(entry)

    def show_task(self, task: RefinePublic | None, raw: str) -> None:
        """Show all that is told of one, and whether there is a result to go to."""
        self.raw.setPlainText(raw)
        for widget in (self._raw_title, self.raw):
            widget.setVisible(bool(raw))
        is_done = task is not None and refine_end(task) is End.DONE and bool(task.prediction_id)
        self.show_button.setEnabled(is_done)


class TasksTalk(QObject):
    """Fills the dialog while it is open.

    Signals:
        reveal_requested: ids of items to show in the library.
    """

    reveal_requested = Signal(object)

    def __init__(self, window: QWidget, ports: TasksPorts) -> None:
        super().__init__(window)
        self._ports = ports
        self._tasks: list[RefinePublic] = []
        self._chosen = ""
        self.dialog = dialog = TasksDialog(window)
        dialog.start.setVisible(ports.tasks.may_start)
        self.listing = AsyncAction(self._list, parent=self, overlap=Overlap.RESTART)
        self.reading = AsyncAction(self._read, parent=self, overlap=Overlap.RESTART)
        self.starting = AsyncAction(self._start, parent=self)
        self.showing = AsyncAction(self._show, parent=self)
        self.listing.failed.connect(self._on_list_failed)
        for action in (self.reading, self.starting, self.showing):
            action.failed.connect(self._on_failed)
        dialog.again.clicked.connect(self.listing.trigger)
        dialog.start.clicked.connect(self.starting.trigger)
        dialog.show_button.clicked.connect(self.showing.trigger)
        dialog.list.currentItemChanged.connect(self._on_current)
        dialog.finished.connect(self._on_finished)

    def open(self) -> None:
        """Show the dialog and ask for the list."""
        self.dialog.show_words("Asking for the list…")
        self.dialog.open()
        self.listing.trigger()

    async def _list(self) -> None:
        self._tasks = list(await self._ports.tasks.tasks())
        self.dialog.show_tasks(self._tasks, self._chosen)
        self.dialog.show_words("" if self._tasks else "The server lists no refine tasks yet.")

    def _on_list_failed(self, error: object) -> None:
        self.dialog.show_words(f"The list could not be read. {sentence(error)}")

    def _on_current(self, entry: QListWidgetItem | None, _former: object = None) -> None:
        if entry is None:
            return
        self._chosen = str(entry.data(Qt.ItemDataRole.UserRole))
        self.dialog.show_task(self._task(), "")
        self.reading.trigger(self._chosen)

    def _task(self) -> RefinePublic | None:
        return next((task for task in self._tasks if task.id == self._chosen), None)

    async def _read(self, task_id: str) -> None:
        task, answer = await self._ports.tasks.read(task_id)
        if task_id != self._chosen:
            return
        if task is not None:
            self._tasks = [task if one.id == task.id else one for one in self._tasks]
        self.dialog.show_task(self._task(), as_text(answer) if answer is not None else "")

    async def _start(self) -> None:
        if reason := self._ports.may_spend():
            raise BadInput(reason)
        asked = StartDialog(
            self.dialog, "Start a refine task",
            "What this operation takes is documented nowhere: the object is sent as it is, once. "
            "The form beside the picture is the usual way. Sartiq gives no price in advance.",
            "Start task",
        )  # fmt: skip
        if await dialogs.ask(asked) != dialogs.ACCEPTED or asked.object is None:
            return
        try:
            task, _ = await self._ports.tasks.start(asked.object)
        finally:
            self.dialog.start.setVisible(self._ports.tasks.may_start)
        self._chosen = task.id if task is not None else ""
        self._ports.messages.toast("The refine task was started")
        self.listing.trigger()

    async def _show(self) -> None:
        task = self._task()
        if task is not None:
            item = await self._ports.tasks.bring(task)
            self.dialog.accept()
            self.reveal_requested.emit((item.id,))

    def _on_failed(self, error: object) -> None:
        """Say it in the dialog, which lies over all else."""
        if isinstance(error, AppError):
            self.dialog.show_words(sentence(error))
        else:
            self._ports.messages.report(error)

    def _on_finished(self, _code: int) -> None:
        for action in (self.listing, self.reading):
            action.cancel()
        self.deleteLater()
