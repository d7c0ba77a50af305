"""What became of each input of the refine form: its job, how far that is, its result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.panels.refine import state
from scenario_desktop.ui.panels.refine.ports import RefinePorts
from scenario_desktop.ui.panels.refine.state import Input, Progress, Stage


class RefineFollower(QObject):
    """Follows the jobs of inputs, by the inputs' keys. It shows nothing.

    Signals:
        moved: the key of an input that has got further.
        resolved: items of inputs by key, read again, None for one that is gone; and the keys of
            inputs whose results were found.
    """

    moved = Signal(str)
    resolved = Signal(object, object)

    def __init__(self, ports: RefinePorts, parent: QObject) -> None:
        super().__init__(parent)
        self._ports = ports
        self._rows: dict[str, str] = {}  # input → ledger row
        self._sent: dict[str, dict[str, Any]] = {}  # input → the settings it was sent with
        self._progress: dict[str, Progress] = {}
        self._results: dict[str, Item] = {}
        self._stale: dict[str, str] = {}  # inputs that the library has news of → their items
        self.resolving = AsyncAction(self._resolve, parent=self, overlap=Overlap.RESTART)
        self.resolving.succeeded.connect(self._on_resolved)
        self.resolving.failed.connect(ports.messages.report)

    def progress(self, key: str) -> Progress:
        return self._progress.get(key, Progress())

    def result(self, key: str) -> Item | None:
        return self._results.get(key)

    def row_id(self, key: str) -> str | None:
        """Return the ledger row of an input that was sent."""
        return self._rows.get(key)

    def sent_with(self, key: str) -> dict[str, Any] | None:
        """Return the settings that an input was sent with last, as far as they are known."""
        return self._sent.get(key)

    def made(self, keys: Iterable[str]) -> list[str]:
        """Return the ids of what has come of inputs."""
        return [self._results[key].id for key in keys if key in self._results]

    def waiting(self, inputs: Iterable[Input], settings: Mapping[str, Any]) -> list[Input]:
        """Return the inputs that would be sent: not in work, and not done just like this."""
        found = []
        for one in inputs:
            stage = self.progress(one.key).stage
            is_done = stage is Stage.DONE and self._sent.get(one.key, settings) == settings
            if stage not in (Stage.WORKING, Stage.UNCERTAIN) and not is_done:
                found.append(one)
        return found

    def follow(self, key: str, row_id: str, settings: Mapping[str, Any] | None) -> None:
        """Follow a job that was sent for an input just now."""
        self._rows[key] = row_id
        if settings is not None:
            self._sent[key] = dict(settings)
        self._results.pop(key, None)
        self._progress.pop(key, None)

    def adopt(self, inputs: Sequence[Input]) -> None:
        """Follow the jobs that were sent before and are still under way, also after a restart."""
        service = self._ports.service
        if service is None:
            return
        ids = {one.item.id: one.key for one in inputs if one.item is not None}
        for view in service.jobs.rows:
            key = ids.get(view.input_item_id or "")
            if key is not None and view.kind == Op.REFINE and view.is_active:
                self._rows.setdefault(key, view.id)

    def look_at_jobs(self) -> None:
        """See how far everything is."""
        service = self._ports.service
        if service is None:
            return
        needs_results = False
        for key, row_id in self._rows.items():
            progress = state.progress_of(service.jobs.view(row_id))
            if progress == self._progress.get(key):
                continue
            if progress.stage is not Stage.DONE:
                self._results.pop(key, None)
            needs_results |= progress.stage is Stage.DONE
            self._progress[key] = progress
            self.moved.emit(key)
        if needs_results:
            self.resolving.trigger()

    def note_changed(self, inputs: Iterable[Input]) -> None:
        """Read inputs again that the library has news of, and results that may have come."""
        self._stale.update({one.key: one.item.id for one in inputs if one.item is not None})
        waits = any(p.stage is Stage.DONE and k not in self._results
                    for k, p in self._progress.items())  # fmt: skip
        if waits or self._stale:
            self.resolving.trigger()

    async def _resolve(self) -> tuple[dict[str, Item], dict[str, Item | None]]:
        """Read results that are new, and inputs again, from the library."""
        service, results = self._ports.service, dict[str, Item]()
        for key, row_id in list(self._rows.items()):
            view = service.jobs.view(row_id) if service is not None else None
            if view is None or not view.result_ids or key in self._results:
                continue
            item = await self._ports.items.item(view.result_ids[0])
            if item is not None:
                results[key] = item
        inputs = {
            key: await self._ports.items.item(item_id) for key, item_id in list(self._stale.items())
        }
        return results, inputs

    def _on_resolved(self, found: tuple[dict[str, Item], dict[str, Item | None]]) -> None:
        results, inputs = found
        self._results.update(results)
        for key in inputs:
            self._stale.pop(key, None)
        self.resolved.emit(inputs, set(results))
