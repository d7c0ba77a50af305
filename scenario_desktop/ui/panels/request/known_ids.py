"""Ids that are remembered: let go where they are offered, and brought back at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from scenario_desktop.services.words import one_line
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.request.ports import KnownIds

if TYPE_CHECKING:
    from scenario_desktop.services.sartiq.remembered import KnownId


class KnownIdActions(QObject):
    """What a form does with the ids that it offers.

    Attributes:
        forgetting: of a kind and an id; it is not offered any more.
        bringing_back: of a kind, what was remembered, and its place among the others.

    Signals:
        changed: others are remembered now.
    """

    changed = Signal()

    def __init__(self, known: KnownIds | None, messages: Reports, parent: QObject) -> None:
        super().__init__(parent)
        self._known, self._messages = known, messages
        self.forgetting = AsyncAction(self._forget, parent=self)
        self.bringing_back = AsyncAction(self._bring_back, parent=self)
        for action in (self.forgetting, self.bringing_back):
            action.failed.connect(messages.report)

    async def _forget(self, kind: str, known_id: str) -> None:
        if self._known is None:
            return
        before = list(self._known.of(kind))
        place = next((n for n, one in enumerate(before) if one.id == known_id), None)
        if place is None:  # named by the library, never used
            return
        await self._known.forget(kind, known_id)
        self.changed.emit()
        undo = partial(self.bringing_back.trigger, kind, before[place], place)
        self._messages.toast(f"“{one_line(before[place].shown, 60)}” is forgotten", undo)

    async def _bring_back(self, kind: str, known: KnownId, place: int) -> None:
        if self._known is not None:
            await self._known.put_back(kind, known, place)
            self.changed.emit()
