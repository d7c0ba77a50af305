"""Runs imports one after the other and keeps their summary until it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from PySide6.QtCore import QObject, Signal

from scenario_desktop.services.words import counted
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.imports.view import ImportCard, refusals_dialog

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from scenario_desktop.services.imports import ImportProgress

PICTURE_FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.gif *.bmp);;All files (*)"


class ImportsPort(Protocol):
    """What is needed of the import service."""

    def run(
        self, paths: Sequence[Path], collection_id: str | None = None
    ) -> AsyncIterator[ImportProgress]: ...


class ImportsController(QObject):
    """Takes paths, shows the card, reports at the end.

    Signals:
        added: ids of the assets that an import brought in, when it has ended.
    """

    added = Signal(object)

    def __init__(self, card: ImportCard, notices: Reports) -> None:
        super().__init__(card)
        self._card, self._notices = card, notices
        self._service: ImportsPort | None = None
        self._waiting: list[tuple[list[Path], str | None]] = []
        self.progress: ImportProgress | None = None
        self.run = AsyncAction(self._run, parent=self)
        self.run.failed.connect(self._on_failed)
        self.run.cancelled.connect(self._on_cancelled)
        self.run.succeeded.connect(self._on_done)
        self.choose = AsyncAction(self._choose, parent=self)
        self.choose.failed.connect(notices.report)
        self._explain = AsyncAction(self._show_refusals, parent=self)
        card.cancel_requested.connect(self.cancel)
        card.refusals_requested.connect(self._explain.trigger)
        card.closed.connect(card.hide)

    def bind(self, service: ImportsPort | None) -> None:
        """Import into this workspace from now on; what runs for another one is stopped."""
        self.cancel()
        self._card.hide()
        self._service = service

    def add(self, paths: Sequence[Path], collection_id: str | None = None) -> None:
        """Bring files and folders in, after what is being brought in already."""
        if not paths or self._service is None:
            return
        self._waiting.append((list(paths), collection_id))
        self.run.trigger()

    def cancel(self) -> None:
        """Stop, and forget what waits. What is in stays in."""
        self._waiting.clear()
        self.run.cancel()

    async def _run(self) -> None:
        while self._waiting and self._service is not None:
            paths, collection_id = self._waiting.pop(0)
            steps = self._service.run(paths, collection_id)
            async with aclosing(cast("AsyncGenerator[ImportProgress, None]", steps)):
                async for progress in steps:
                    self.progress = progress
                    self._card.show_progress(progress)
            self._tell_added()

    def _tell_added(self) -> None:
        if self.progress is not None and self.progress.added_ids:
            self.added.emit(self.progress.added_ids)

    def _on_done(self, _result: object) -> None:
        if self.progress is None:
            return
        if self.progress.refused:
            self._card.show_summary(self.progress, is_cancelled=False)
        else:  # nothing to read on: a short word is enough
            self._card.hide()
            self._notices.toast(f"Added {counted(len(self.progress.added_ids), 'picture')}")

    def _on_cancelled(self) -> None:
        if self.progress is not None and self._service is not None:
            self._card.show_summary(self.progress, is_cancelled=True)

    def _on_failed(self, error: object) -> None:
        if self.progress is not None:
            self._card.show_summary(self.progress, is_cancelled=False)
        self._notices.report(error)

    async def _choose(self) -> None:
        paths = await dialogs.choose_files(
            self._card.window(), "Import pictures", filters=PICTURE_FILES
        )
        self.add(paths)

    async def _show_refusals(self) -> None:
        if self.progress is not None:
            await dialogs.ask(refusals_dialog(self._card.window(), self.progress.refused))
