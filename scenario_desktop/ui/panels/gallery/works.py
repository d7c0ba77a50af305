"""Cells in work: which jobs show beside their parent, and which results took their place.

Reads the job service's views; knows nothing of the grid.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import Item
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.panels.gallery.cells import WorkCell, WorkState
from scenario_desktop.ui.panels.jobs.rows import icon_of

if TYPE_CHECKING:
    from scenario_desktop.services.job_views import JobView

#: More cells in work than this would push what one looks at out of sight.
MAX_CELLS = 200
#: Stands for the key of a refine: it has no cell of its own.
_STACKED = -1


class JobsSource(Protocol):
    """What is needed of the job service."""

    @property
    def rows(self) -> Sequence[JobView]: ...
    @property
    def changed(self) -> Any: ...


class Works(QObject):
    """Follows jobs and tells which cells stand beside which items.

    Only what was seen running in this session shows a failure or keeps its result beside its
    parent; a gallery opened later has everything in its order.

    Attributes:
        cells: in work, or failed; keys are negative.
        beside: (parent key, key) of results and cells, in the order in which they stand there.

    Signals:
        arranged: cells came or went: the order has to be made anew.
        progressed: the same cells, but they say something else.
    """

    arranged = Signal()
    progressed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.cells: tuple[WorkCell, ...] = ()
        self._jobs: JobsSource | None = None
        self._find: Callable[[str], Awaitable[Item | None]] | None = None
        self._keys: dict[str, int] = {}  # item id → key, as far as asked for; see _STACKED
        self._hosts: dict[str, int] = {}  # refine's id → key of the prediction it lies on
        self._seen: dict[str, int] = {}  # job id → cell key
        self._results: dict[tuple[str, str], tuple[int, int]] = {}
        self._look_up = AsyncAction(self._look_up_items, parent=self)
        self._look_up.succeeded.connect(self._on_looked_up)

    def watch(
        self, jobs: JobsSource | None, find: Callable[[str], Awaitable[Item | None]] | None
    ) -> None:
        """Follow the jobs of a workspace, None for no longer any.

        Args:
            find: the item of a service's id, None where it is not in the library.
        """
        if self._jobs is not None:
            self._jobs.changed.disconnect(self._on_changed)
        self._jobs, self._find = jobs, find
        self._look_up.cancel()
        for memory in (self._keys, self._hosts, self._seen, self._results):
            memory.clear()
        self.cells = ()
        if jobs is not None:
            jobs.changed.connect(self._on_changed)
            self._update()

    @property
    def beside(self) -> list[tuple[int, int]]:
        return [*self._results.values(), *((cell.parent_key, cell.key) for cell in self.cells)]

    def forget_results(self) -> None:
        """Let results stand where their order puts them, as after another order was chosen."""
        self._results.clear()

    def _on_changed(self, _change: object = None) -> None:
        self._update()

    def _update(self) -> None:
        rows = self._jobs.rows if self._jobs is not None else ()
        before = {(cell.key, cell.parent_key) for cell in self.cells}
        had = set(self._results)
        self.cells = tuple(self._cells(rows))[:MAX_CELLS]
        self._keep_results(rows)
        if self._unknown(rows) and self._find is not None:
            self._look_up.trigger()
        is_same = before == {(cell.key, cell.parent_key) for cell in self.cells}
        if not is_same or had != set(self._results):
            self.arranged.emit()
        elif self.cells:
            self.progressed.emit()

    def _cells(self, rows: Iterable[JobView]) -> Iterable[WorkCell]:
        for view in rows:
            is_failed = view.state == "failed"
            if view.is_active:
                self._seen.setdefault(view.id, -1 - len(self._seen))
            is_known = view.id in self._seen
            if not is_known or not (view.is_active or is_failed or self._is_result_awaited(view)):
                continue
            parent = self._host_of(view)
            if parent <= 0:
                continue
            yield WorkCell(
                key=self._seen[view.id],
                parent_key=parent,
                job_id=view.id,
                title=view.title.split(", ")[0],
                icon=icon_of(view),
                progress=view.progress,
                state=WorkState.FAILED if is_failed else WorkState.WORKING,
            )

    def _host_of(self, view: JobView) -> int:
        """Return the key of the cell that a job stands beside; 0 where there is none."""
        item_id = view.input_item_id or ""
        return self._hosts.get(item_id) or self._keys.get(item_id, 0)

    def _is_result_awaited(self, view: JobView) -> bool:
        """Whether a job is done and its result is being looked up: the cell holds its place."""
        return any(result not in self._keys for result in view.result_ids)

    def _keep_results(self, rows: Iterable[JobView]) -> None:
        for view in rows:
            parent = self._host_of(view)
            if view.id not in self._seen or parent <= 0:
                continue
            for result in view.result_ids:
                key = self._keys.get(result, 0)
                if key > 0:
                    self._results[view.id, result] = (parent, key)

    def _unknown(self, rows: Iterable[JobView]) -> list[str]:
        """Return ids of items that have to be looked up."""
        wanted: list[str] = []
        for view in rows:
            if view.is_active or view.id in self._seen:
                wanted += [i for i in (view.input_item_id, *view.result_ids) if i]
        return [item_id for item_id in dict.fromkeys(wanted) if item_id not in self._keys]

    async def _look_up_items(self) -> None:
        while self._jobs is not None and self._find is not None:
            unknown = self._unknown(self._jobs.rows)
            if not unknown:
                return
            for item_id in unknown:
                item = await self._find(item_id)
                self._keys[item_id] = item.key if item is not None else 0
                if item is not None and item.is_refine:
                    self._keys[item_id] = _STACKED
                    parent = await self._find(item.parent_id) if item.parent_id else None
                    self._hosts[item_id] = parent.key if parent is not None else 0

    def look_again(self) -> None:
        """Look up once more what was not in the library: items have arrived."""
        absent = [item_id for item_id, key in self._keys.items() if key == 0]
        for item_id in absent:
            del self._keys[item_id]
        if absent:
            self._update()

    def _on_looked_up(self, _result: object) -> None:
        self._update()
