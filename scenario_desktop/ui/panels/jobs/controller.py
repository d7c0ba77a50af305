"""Connects the job bar and the panel to the jobs of the open workspace."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from scenario_desktop.items import Item
from scenario_desktop.services.job_polling import PollStatus
from scenario_desktop.services.job_views import BatchEnd, JobsSummary, JobState, JobView
from scenario_desktop.services.words import counted, units
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.dialogs import confirm
from scenario_desktop.ui.models.picture_store import PictureStore, SignalLike
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.jobs.rows import JobAction, Tab, is_run, menu_of
from scenario_desktop.ui.panels.jobs.view import JobBar, JobsView

SECOND_MS = 1000
_NO_SESSION = "Open a workspace first"


class JobsService(Protocol):
    """What the panel needs of the jobs service."""

    @property
    def poll_status(self) -> PollStatus: ...
    @property
    def changed(self) -> SignalLike: ...
    @property
    def batch_ended(self) -> SignalLike: ...
    @property
    def poll_changed(self) -> SignalLike: ...
    @property
    def rows(self) -> list[JobView]: ...
    @property
    def summary(self) -> JobsSummary: ...
    def view(self, row_id: str) -> JobView | None: ...
    def draft_of(self, row_id: str) -> dict[str, Any]: ...
    async def cancel(self, row_id: str) -> None: ...
    async def stop_watching(self, row_id: str) -> None: ...
    async def look_again(self, row_id: str) -> None: ...
    async def price_again(self, row_id: str) -> Decimal | None: ...
    async def send_again(self, row_id: str, *, is_confirmed: bool = False) -> str: ...
    async def clear_done(self) -> list[str]: ...
    async def clear(self, row_ids: Iterable[str]) -> None: ...
    async def restore_cleared(self, row_ids: Iterable[str]) -> None: ...


class ItemSource(Protocol):
    """Where the items behind asset ids are found."""

    async def item(self, asset_id: str) -> Item | None: ...


class RowNotes(Protocol):
    """Says more of a row than its job does: the attempts of an agentic run."""

    @property
    def changed(self) -> SignalLike: ...
    def status_of(self, row_id: str) -> str: ...


class Notifies(Protocol):
    """Tells of something outside the window; ``clicked`` when the user follows it."""

    @property
    def clicked(self) -> SignalLike: ...
    def notify(self, title: str, text: str) -> None: ...


class JobsController(QObject):
    """Shows the jobs of one workspace at a time and does what the user wants of them.

    Signals:
        shown_requested: whether the panel is to be open.
        reveal_requested: a tuple of asset ids to show in the gallery.
        place_requested: a tuple of asset ids to put on the canvas.
        edit_requested: the kind of job and the body of its request, for a form.
        run_edit_requested: the row of a run, for the form of its kind.
        generation_requested: the service's id of a job whose generation should be shown.
    """

    shown_requested = Signal(bool)
    reveal_requested = Signal(object)
    place_requested = Signal(object)
    edit_requested = Signal(str, object)
    run_edit_requested = Signal(str)
    generation_requested = Signal(str)

    def __init__(
        self,
        view: JobsView,
        bar: JobBar,
        notices: Reports,
        notifier: Notifies,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(view)
        self._view, self._bar = view, bar
        self._notices, self._notifier = notices, notifier
        self._now = now
        self._jobs: JobsService | None = None
        self._items: ItemSource | None = None
        self._notes: RowNotes | None = None
        self._known: dict[str, Item] = {}
        self._acting: dict[tuple[str, JobAction], AsyncAction] = {}
        self._refresh_soon = QTimer(self, singleShot=True, interval=0)
        self._refresh_soon.timeout.connect(self._refresh)
        self._seconds = QTimer(self, interval=SECOND_MS)
        self._seconds.timeout.connect(self._show_poll)
        self._find_items = AsyncAction(self._load_items, parent=self, overlap=Overlap.RESTART)
        self._clear_done = AsyncAction(self._run_clear_done, parent=self)
        self._restore = AsyncAction(self._run_restore, parent=self)
        for action in (self._find_items, self._clear_done, self._restore):
            action.failed.connect(notices.report)
        bar.open_requested.connect(self.open)
        bar.needs_you_requested.connect(self._open_needs_you)
        view.close_requested.connect(self.close)
        view.action_requested.connect(self._on_action)
        view.menu_requested.connect(self._on_menu)
        view.clear_done_requested.connect(self._clear_done.trigger)
        view.needs_items.connect(self._on_needs_items)
        notifier.clicked.connect(self.open)
        self.destroyed.connect(_Leave(self))

    # --- which workspace ----------------------------------------------------------------------

    def set_session(
        self,
        jobs: JobsService | None,
        items: ItemSource | None = None,
        pictures: PictureStore | None = None,
        *,
        notes: RowNotes | None = None,
    ) -> None:
        """Show another workspace's jobs; None shows an empty list."""
        self._listen(is_on=False)
        self._jobs, self._items, self._notes = jobs, items, notes
        self._known.clear()
        self._view.set_pictures(pictures)
        self._view.list.set_items(())
        self._listen(is_on=True)
        self._refresh()
        self._show_poll()

    def _listen(self, *, is_on: bool) -> None:
        if self._jobs is None:
            return
        for signal, slot in (
            (self._jobs.changed, self._on_changed),
            (self._jobs.batch_ended, self._on_batch_ended),
            (self._jobs.poll_changed, self._on_poll_changed),
            *(((self._notes.changed, self._on_changed),) if self._notes is not None else ()),
        ):
            if is_on:
                signal.connect(slot)
            else:
                signal.disconnect(slot)

    # --- opening ------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the panel is seen. The window may have opened it by itself, as it was left."""
        return self._view.isVisible()

    def open(self) -> None:
        """Open the panel and give the list the keyboard."""
        self._set_open(is_open=True)

    def close(self) -> None:
        self._set_open(is_open=False)

    def show_job(self, row_id: str) -> None:
        """Open the panel at one job."""
        self._view.set_tab(Tab.ALL)
        self.open()
        self._view.list.choose(row_id)

    def _open_needs_you(self) -> None:
        self._view.set_tab(Tab.NEEDS_YOU)
        self.open()

    def _set_open(self, *, is_open: bool) -> None:
        self.shown_requested.emit(is_open)
        if is_open:
            self._view.list.setFocus()

    def commands(self) -> tuple[Command, ...]:
        """Return what the palette and the keys can do here."""
        return (
            Command(
                "jobs.needs_you", "Show jobs that need you", self._open_needs_you, group="Go to",
                icon="circle-alert", words="failed uncertain errors",
            ),
            Command(
                "jobs.clear_done", "Clear done jobs", self._clear_done.trigger, icon="list-checks",
                reason=lambda: "" if self._jobs is not None else _NO_SESSION,
            ),
        )  # fmt: skip

    # --- what is shown ------------------------------------------------------------------------

    def _on_changed(self, _change: object) -> None:
        # Fifty rows that change together are one refresh.
        self._refresh_soon.start()

    def _refresh(self) -> None:
        jobs = self._jobs
        summary = jobs.summary if jobs is not None else JobsSummary()
        self._view.set_rows([self._told(row) for row in jobs.rows] if jobs is not None else [])
        self._view.set_summary(summary)
        self._bar.set_summary(summary)

    def _told(self, view: JobView) -> JobView:
        text = self._notes.status_of(view.id) if self._notes and view.is_active else ""
        return replace(view, status_text=text) if text else view

    def _on_poll_changed(self, _status: object) -> None:
        self._show_poll()

    def _show_poll(self) -> None:
        text = self._jobs.poll_status.text(self._now()) if self._jobs is not None else ""
        self._view.set_poll_text(text)
        self._bar.set_poll_text(text)
        if text and not self._seconds.isActive():
            self._seconds.start()
        elif not text:
            self._seconds.stop()

    def _on_batch_ended(self, end: BatchEnd) -> None:
        needs_you = end.failed + end.uncertain
        self._notifier.notify("A job needs you" if needs_you else "Jobs are done", end.text)

    def _on_needs_items(self) -> None:
        if self._items is not None and self._missing():
            self._find_items.trigger()

    def _missing(self) -> list[str]:
        wanted = [
            asset_id
            for view in self._view.list.visible_views()
            for asset_id in (*view.result_ids[:1], view.input_item_id)
            if asset_id
        ]
        return [asset_id for asset_id in dict.fromkeys(wanted) if asset_id not in self._known]

    async def _load_items(self) -> None:
        source = self._items
        if source is None:
            return
        found = [await source.item(asset_id) for asset_id in self._missing()]
        new = {item.id: item for item in found if item is not None}
        if new:
            self._known.update(new)
            self._view.list.set_items(self._known.values())

    # --- what the user wants ------------------------------------------------------------------

    def _on_menu(self, row_id: str, where: QPoint) -> None:
        view = self._jobs.view(row_id) if self._jobs is not None else None
        if view is not None:
            self._view.show_menu(menu_of(view), row_id, where)

    def _on_action(self, row_id: str, action: JobAction) -> None:
        jobs = self._jobs
        view = jobs.view(row_id) if jobs is not None else None
        if jobs is None or view is None:
            return
        match action:
            case JobAction.REVEAL:
                self.reveal_requested.emit(view.result_ids)
            case JobAction.SHOW_INPUT:
                self.reveal_requested.emit((view.input_item_id,))
            case JobAction.PLACE:
                self.place_requested.emit(view.result_ids)
            case JobAction.EDIT if is_run(view):
                self.run_edit_requested.emit(row_id)
            case JobAction.EDIT:
                self.edit_requested.emit(view.kind, jobs.draft_of(row_id))
            case JobAction.OPEN_GENERATION:
                self.generation_requested.emit(view.job_id or "")
            case JobAction.COPY_ERROR:
                self._copy("\n".join((view.title, view.details)), "Error copied")
            case JobAction.COPY_ID:
                self._copy(view.job_id or "", "Job ID copied")
            case JobAction.CANCEL:
                self._start(row_id, action, jobs.cancel)
            case JobAction.STOP_WATCHING:
                self._start(row_id, action, jobs.stop_watching)
            case JobAction.WATCH_AGAIN | JobAction.LOOK_AGAIN:
                self._start(row_id, action, jobs.look_again)
            case JobAction.SEND_AGAIN:
                self._start(row_id, action, self._run_send_again)
            case JobAction.CLEAR:
                self._start(row_id, action, self._run_clear)
            case JobAction.MORE:
                pass  # the list opens the menu itself

    def _start(
        self,
        row_id: str,
        action: JobAction,
        function: Callable[[str], Coroutine[Any, Any, Any]],
    ) -> None:
        """Run something for one row; the same twice at once is once."""
        key = (row_id, action)
        if key in self._acting:
            return
        run = AsyncAction(function, parent=self)
        self._acting[key] = run
        run.failed.connect(self._notices.report)
        run.busy_changed.connect(self._on_busy_changed)
        run.trigger(row_id)

    def _on_busy_changed(self, is_busy: bool) -> None:
        if is_busy:
            return
        for key, run in list(self._acting.items()):
            if run is self.sender():
                del self._acting[key]
                run.deleteLater()

    async def _run_send_again(self, row_id: str) -> None:
        jobs = self._jobs
        view = jobs.view(row_id) if jobs is not None else None
        if jobs is None or view is None:
            return
        price = await jobs.price_again(row_id)
        text = f"It costs {units(price)}." if price is not None else "The service gives no price."
        if view.state is JobState.UNCERTAIN:
            text = f"The first one may be running all the same; then both are charged. {text}"
        primary = f"Send again · {units(price)}" if price is not None else "Send again"
        if await confirm(self._view, f"Send “{view.title}” again?", text, primary):
            await jobs.send_again(row_id, is_confirmed=True)

    async def _run_clear(self, row_id: str) -> None:
        if self._jobs is not None:
            await self._jobs.clear([row_id])
            self._tell_cleared([row_id])

    async def _run_clear_done(self) -> None:
        if self._jobs is not None:
            self._tell_cleared(await self._jobs.clear_done())

    def _tell_cleared(self, ids: Sequence[str]) -> None:
        if ids:
            text = f"{counted(len(ids), 'job')} cleared from the list"
            self._notices.toast(text, undo=_Call(self._restore.trigger, list(ids)))

    async def _run_restore(self, ids: Sequence[str]) -> None:
        if self._jobs is not None:
            await self._jobs.restore_cleared(ids)

    def _copy(self, text: str, told: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._notices.toast(told)


class _Call:
    """A call with its argument, without holding a widget as a lambda would."""

    def __init__(self, function: Callable[[Any], object], argument: object) -> None:
        self._function, self._argument = function, argument

    def __call__(self) -> None:
        self._function(self._argument)


class _Leave:
    """Stops listening when the controller goes. The service lives longer than its panel."""

    def __init__(self, controller: JobsController) -> None:
        self._leave: Callable[..., None] = controller._listen

    def __call__(self) -> None:
        self._leave(is_on=False)
