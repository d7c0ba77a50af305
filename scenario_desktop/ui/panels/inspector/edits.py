"""What is edited in the inspector, as the library is asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import Item
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.inspector.ports import InspectedLibrary


class Edits(QObject):
    """Carries out edits of the items that are shown, several at a time if need be.

    Attributes:
        running: those that are under way.
        touched: tag → keys that had it when it was first touched in this selection.

    Signals:
        failed: what is shown may not be what is kept.
    """

    failed = Signal()

    def __init__(self, notices: Reports, parent: QObject) -> None:
        super().__init__(parent)
        self._notices = notices
        self._library: InspectedLibrary | None = None
        self._items: Mapping[int, Item] = {}
        self.running: list[AsyncAction] = []
        self.touched: dict[str, tuple[int, ...]] = {}

    def open(self, library: InspectedLibrary | None) -> None:
        self._library = library

    def set_items(self, items: Mapping[int, Item]) -> None:
        """Edit these from now on."""
        self._items = items

    def rename(self, key: int, name: str) -> None:
        library = self._library
        if library is not None:
            self._start(lambda: library.rename(key, name))

    def describe(self, key: int, text: str) -> None:
        library = self._library
        if library is not None:
            self._start(lambda: library.describe(key, text))

    def set_favourite(self, is_favourite: bool) -> None:
        library, keys = self._library, tuple(self._items)
        if library is not None:
            self._start(lambda: library.set_favourite(keys, is_favourite))

    def restore(self) -> None:
        library, keys = self._library, tuple(self._items)
        if library is not None:
            self._start(lambda: library.restore(keys))

    def add_tags(self, tags: Sequence[str]) -> None:
        library, keys = self._library, tuple(self._items)
        if library is None or not keys:
            return
        self._touch(tags)
        self._start(lambda: library.edit_tags(keys, add=list(tags)))

    def remove_tag(self, tag: str) -> None:
        library, keys = self._library, tuple(self._items)
        if library is None or not keys:
            return
        self._touch([tag])

        async def remove() -> None:
            await library.edit_tags(keys, remove=[tag])
            if len(keys) == 1:
                self._notices.toast(f"Removed tag {tag}", self._undo)

        self._start(remove)

    def restore_tag(self, tag: str) -> None:
        """Set a tag again on those that had it; on all, if none of them is known."""
        library = self._library
        keys = self.touched.get(tag, ()) or tuple(self._items)
        if library is not None:
            self._start(lambda: library.edit_tags(keys, add=[tag]))

    def _touch(self, tags: Iterable[str]) -> None:
        if len(self._items) > 1:
            for tag in tags:
                had = tuple(k for k, item in self._items.items() if tag in item.tags)
                self.touched.setdefault(tag, had)

    def _undo(self) -> None:
        library = self._library
        if library is not None:
            self._start(library.history.undo)

    def _start(self, edit: Callable[[], Any]) -> None:
        """Run one edit. Each is an action of its own: two renames in a row are both meant."""
        action = AsyncAction(edit, parent=self)
        self.running.append(action)
        action.failed.connect(self._on_failed)
        action.busy_changed.connect(self._on_busy)
        action.trigger()

    def _on_busy(self, is_busy: bool) -> None:
        if not is_busy:
            for action in [a for a in self.running if not a.is_busy]:
                self.running.remove(action)
                action.deleteLater()

    def _on_failed(self, error: object) -> None:
        self._notices.report(error)
        self.failed.emit()
