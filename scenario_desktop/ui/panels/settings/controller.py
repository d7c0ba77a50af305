"""Applies settings as they are changed."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError
from PySide6 import __version__ as qt_version
from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices

from scenario_desktop import __version__
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.forms.drafts import SettingsAccess
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.panels.settings.state import (
    CanvasDraft,
    SpendingDraft,
    draft_of,
    spending_sentence,
)
from scenario_desktop.ui.panels.settings.view import About, SettingsDialog
from scenario_desktop.ui.theme import Theme, ThemeMode

#: Text of another size is laid out once the slider has rested for so long, milliseconds.
TEXT_SIZE_DELAY_MS = 200
_MIB = 2**20


class KeptThumbnails(Protocol):
    """The thumbnails on disk."""

    async def size_bytes(self) -> int: ...
    async def clear(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SettingsPorts:
    """What the settings dialog talks to. The cache takes its new limit from the settings."""

    settings: SettingsAccess
    theme: Theme
    thumbnails: KeptThumbnails
    data_folder: Path
    messages: Reports


class SettingsController(QObject):
    """Connects the dialog to the settings, the theme and the cache."""

    def __init__(self, dialog: SettingsDialog, ports: SettingsPorts) -> None:
        super().__init__(dialog)
        self._dialog, self._ports = dialog, ports
        self._scale = ports.settings.settings.text_scale
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TEXT_SIZE_DELAY_MS)
        self._timer.timeout.connect(self._apply_text_size)
        self._counting = AsyncAction(
            ports.thumbnails.size_bytes, parent=self, overlap=Overlap.RESTART
        )
        self._counting.succeeded.connect(self._on_counted)
        self._counting.failed.connect(ports.messages.report)
        self._clearing = AsyncAction(ports.thumbnails.clear, parent=self)
        self._clearing.busy_changed.connect(dialog.show_clearing)
        self._clearing.succeeded.connect(self._on_cleared)
        self._clearing.failed.connect(ports.messages.report)
        self._used: int | None = None
        self._show()
        dialog.appearance.edited.connect(self._on_appearance_edited)
        dialog.storage.edited.connect(self._on_storage_edited)
        dialog.spending.edited.connect(self._on_spending_edited)
        dialog.canvas.edited.connect(self._on_canvas_edited)
        dialog.clear_requested.connect(self._clearing.trigger)
        dialog.open_folder_requested.connect(self._on_open_folder)

    def count(self) -> None:
        """Count the room that thumbnails take. Needs the running loop."""
        self._counting.trigger()

    def _show(self) -> None:
        drafts = draft_of(self._ports.settings.settings)
        dialog = self._dialog
        dialog.appearance.set_draft(drafts["appearance"])
        dialog.storage.set_draft(drafts["storage"])
        dialog.spending.set_draft(drafts["spending"])
        dialog.canvas.set_draft(drafts["canvas"])
        dialog.show_folder(self._ports.data_folder)
        dialog.show_about(
            About(
                __version__,
                (
                    f"Qt {qt_version}, Python {platform.python_version()}, {platform.platform()}",
                    "Open source under the MIT licence. Font: Inter (OFL). Icons: Lucide (ISC).",
                ),
            )
        )
        self._show_used()
        self._show_spending()

    def _on_appearance_edited(self, name: str) -> None:
        draft = self._dialog.appearance.draft()
        if name == "theme":
            mode = ThemeMode(draft["theme"])
            self._ports.settings.update(theme=mode.value)
            self._ports.theme.set_mode(mode)
        else:
            self._scale = draft["text_size"] / 100
            self._timer.start()

    def _apply_text_size(self) -> None:
        try:
            self._ports.settings.update(text_scale=self._scale)
        except ValidationError:
            self._dialog.appearance.show_messages({"text_size": "From 100 to 200\u00a0%."})
            return
        self._dialog.appearance.show_messages({})
        self._ports.theme.set_scale(self._scale)

    def _on_storage_edited(self, _name: str) -> None:
        wanted = self._dialog.storage.draft()["cache_mib"]
        try:
            self._ports.settings.update(thumbnail_cache_mib=wanted)
        except ValidationError as error:
            self._dialog.storage.show_errors(error)
            return
        self._dialog.storage.show_messages({})
        self._show_used()

    def _on_spending_edited(self, _name: str) -> None:
        form = self._dialog.spending
        spending = self._ports.settings.settings.spending
        kept = {"ask_above": spending.ask_above}  # fields that are hidden have no part in the draft
        if spending.monthly_budget is not None:
            kept["monthly_budget"] = spending.monthly_budget
        try:
            draft = SpendingDraft.model_validate({**kept, **form.draft()})
        except ValidationError as error:
            form.show_errors(error)
            return
        form.show_messages({})
        amount = Decimal(str(draft.ask_above)).normalize()
        changes: dict[str, object] = {"mode": draft.mode, "ask_above": amount}
        budget = Decimal(str(draft.monthly_budget)).normalize() if draft.has_budget else None
        if budget != spending.monthly_budget:
            changes |= {"monthly_budget": budget, "warned_month": ""}
        self._ports.settings.update(spending={**spending.model_dump(), **changes})
        self._show_spending()

    def _on_canvas_edited(self, _name: str) -> None:
        form, canvas = self._dialog.canvas, self._ports.settings.settings.canvas
        try:
            draft = CanvasDraft.model_validate(form.draft())
        except ValidationError as error:
            form.show_errors(error)
            return
        form.show_messages({})
        self._ports.settings.update(canvas={**canvas.model_dump(), **draft.model_dump()})

    def _show_spending(self) -> None:
        spending = self._ports.settings.settings.spending
        is_asking = str(spending.mode) == "ask_above"
        has_budget = spending.monthly_budget is not None
        shown = {"ask_above": is_asking, "monthly_budget": has_budget}
        self._dialog.spending.set_shown(lambda spec: shown.get(spec.name, True))
        self._dialog.show_spending_note(spending_sentence(str(spending.mode), spending.ask_above))

    def _on_counted(self, used: int) -> None:
        self._used = used
        self._show_used()

    def _on_cleared(self, _result: object) -> None:
        self._used = 0
        self._show_used()
        self._ports.messages.toast("Thumbnails cleared. They come back as they are needed.")
        self._counting.trigger()

    def _show_used(self) -> None:
        limit = self._ports.settings.settings.thumbnail_cache_mib * _MIB
        self._dialog.show_used(self._used, limit)

    def _on_open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._ports.data_folder)))
