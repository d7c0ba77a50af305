"""Decides what the detect form shows: previews as it is edited, a quote for exactly this form, and
what stands in the way of sending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.items import Item
from scenario_desktop.services.spending import Verdict
from scenario_desktop.services.words import counted, units
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.dialogs import choose_files, confirm
from scenario_desktop.ui.panels.detect.dock import DetectDock
from scenario_desktop.ui.panels.detect.page import DetectPage
from scenario_desktop.ui.panels.detect.pictures import DetectPictures
from scenario_desktop.ui.panels.detect.ports import DetectPorts
from scenario_desktop.ui.panels.detect.state import (
    DetectDraft,
    Footer,
    Price,
    draft_note,
    field_errors,
    price_lines,
    reasons,
)
from scenario_desktop.ui.panels.request.ports import sentence

if TYPE_CHECKING:
    from scenario_desktop.services.detect import Quote
    from scenario_desktop.services.imports import Refusal

DRAFT_NAME = "detect"
#: A price is asked once the form has rested for so long, milliseconds.
QUOTE_DELAY_MS = 400
#: A quote is asked anew, unseen, before it grows too old to be acted on; milliseconds.
QUOTE_RENEWAL_MS = 100_000
PICTURE_FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.gif *.bmp);;All files (*)"


class DetectController(QObject):
    """Connects page and dock to the services of one workspace.

    Signals:
        jobs_started: ids of the ledger rows of jobs that were sent.
        settings_requested: the user wants to change the spending limit.
    """

    jobs_started = Signal(object)
    settings_requested = Signal()

    def __init__(self, page: DetectPage, dock: DetectDock, ports: DetectPorts) -> None:
        super().__init__(page)
        self._page, self._dock, self._ports = page, dock, ports
        self._items: dict[str, Item] = {}
        self._current = ""
        self._draft = DetectDraft.from_dict(ports.drafts.load(DRAFT_NAME))
        self._price = Price.NONE
        self._quote: Quote | None = None
        self._price_error = ""
        self._trouble = ""
        self._adding = 0
        self._left: Decimal | None = None
        self._pictures = DetectPictures(page, dock, ports, lambda: self._draft, self)
        self._asking = AsyncAction(ports.detect.quote, parent=self, overlap=Overlap.RESTART)
        self._asking.succeeded.connect(self._on_quote)
        self._asking.failed.connect(self._on_quote_failed)
        self._sending = AsyncAction(self._send, parent=self)
        self._sending.failed.connect(self._on_send_failed)
        self._sending.busy_changed.connect(self._show_footer)
        self._adding_files = AsyncAction(self._add_files, parent=self)
        self._adding_files.failed.connect(self._on_add_failed)
        self._choosing = AsyncAction(self._choose_files, parent=self)
        self._choosing.failed.connect(ports.messages.report)
        self._quote_timer = self._timer(QUOTE_DELAY_MS, self._start_quote)
        self._renewal_timer = self._timer(QUOTE_RENEWAL_MS, self._renew_quote)
        self._connect_views()
        self._show_draft()
        self._refresh()

    def _timer(self, delay_ms: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(delay_ms)
        timer.timeout.connect(slot)
        return timer

    def _connect_views(self) -> None:
        dock, page = self._dock, self._page
        dock.parameters_edited.connect(self._on_parameters_edited)
        dock.modalities_edited.connect(self._on_modalities_edited)
        dock.modality_looked_at.connect(self._on_modality_looked_at)
        dock.pictures_edited.connect(self._on_pictures_edited)
        dock.picture_looked_at.connect(self._look_at)
        dock.add_requested.connect(self._choosing.trigger)
        dock.files_dropped.connect(self._adding_files.trigger)
        dock.submit_requested.connect(self.submit)
        dock.ask_again_requested.connect(self._start_quote)
        dock.settings_requested.connect(self.settings_requested)
        dock.reset_requested.connect(self.reset)
        page.files_dropped.connect(self._adding_files.trigger)
        page.add_requested.connect(self._choosing.trigger)
        page.retry_requested.connect(self._pictures.retry)

    # What others call

    def open(self, items: Sequence[Item], request: Mapping[str, Any] | None = None) -> None:
        """Show the form for these pictures, with the values of a request sent before if given."""
        self._items = {item.id: item for item in items}
        self._trouble = ""
        if request is not None:
            self._draft = DetectDraft.of_request(request)
            self._show_draft()
        self._show_items()
        first = next(iter(self._items), "")
        self._look_at(self._current if self._current in self._items else first)
        self._refresh()

    def set_left(self, left: Decimal | None) -> None:
        """Say how many Creative Units the plan has left this month, where that is known."""
        self._left = left
        self._show_footer()

    def look_again(self) -> None:
        """Show anew what stands in the way: the spending limit may be another one."""
        self._show_footer()

    def submit(self) -> None:
        """Start the jobs, if the form stands as it was priced."""
        if self._price is Price.KNOWN and self._quote is not None and not self.why_not():
            self._sending.trigger(self._quote)

    def reset(self) -> None:
        """Put every parameter of every control map back."""
        self._draft = DetectDraft(self._draft.modalities, self._draft.current)
        self._show_draft()
        self._on_edited()

    def why_not(self) -> list[str]:
        """Return every reason why the form cannot be sent now."""
        found = reasons(list(self._items.values()), self._draft, adding=self._adding)
        if self._price is Price.FAILED:
            found.append(f"The price is not known. {self._price_error}")
        if self._quote is not None and self._is_refused():
            found.append(self._ports.guard.decide(self._quote.total).text)
        return found

    def _is_refused(self) -> bool:
        if self._price is not Price.KNOWN or self._quote is None:
            return False
        return self._ports.guard.decide(self._quote.total).verdict is Verdict.REFUSE

    def commands(self) -> list[Command]:
        """Return what the palette and the keys can do while this page is shown."""
        return [
            Command(
                "detect.run", "Detect", self.submit, group="Do", icon="scan-line",
                shortcut="Ctrl+Return", reason=self._first_reason, price=self._price_text,
            ),
            Command(
                "detect.add_files", "Add pictures…", self._choosing.trigger, icon="image-plus"
            ),
            Command("detect.reset", "Reset parameters", self.reset, icon="rotate-ccw"),
        ]  # fmt: skip

    def _first_reason(self) -> str:
        found = self.why_not()
        if found:
            return found[0]
        return "" if self._price is Price.KNOWN else "The price is being asked for."

    def _price_text(self) -> str:
        return units(self._quote.total) if self._quote is not None else ""

    # Edits

    def _on_parameters_edited(self) -> None:
        self._draft = self._draft.with_values(self._dock.parameters())
        self._on_edited()

    def _on_modalities_edited(self) -> None:
        chosen, current = self._dock.modalities()
        self._draft = self._draft.with_modalities(chosen, current)
        self._show_draft()
        self._on_edited()

    def _on_modality_looked_at(self) -> None:
        # Only the view changes: a price that was asked for still holds.
        chosen, current = self._dock.modalities()
        if set(chosen) == {m.value for m in self._draft.modalities}:
            self._draft = self._draft.with_modalities(chosen, current)
            self._show_draft()
            self._remember()
            self._pictures.preview_soon()

    def _on_pictures_edited(self) -> None:
        wanted = self._dock.picture_ids()
        self._items = {i: self._items[i] for i in wanted if i in self._items}
        self._show_items()
        if self._current not in self._items:
            self._look_at(next(iter(self._items), ""))
        self._on_edited()

    def _on_edited(self) -> None:
        self._trouble = ""
        self._remember()
        self._refresh()
        self._pictures.preview_soon()

    def _remember(self) -> None:
        self._ports.drafts.save(DRAFT_NAME, self._draft.to_dict())

    def _refresh(self) -> None:
        """Void the price, and ask for a new one where there is nothing wrong."""
        self._asking.cancel()
        self._quote_timer.stop()
        self._renewal_timer.stop()
        self._quote, self._price_error = None, ""
        self._price = Price.NONE
        if not reasons(list(self._items.values()), self._draft, adding=self._adding):
            self._price = Price.ASKING
            self._quote_timer.start()
        self._show_errors()
        self._show_footer()

    # Pictures

    def _look_at(self, asset_id: str) -> None:
        if asset_id == self._current and asset_id:
            return
        self._current = asset_id
        self._dock.set_current_picture(asset_id)
        self._pictures.look_at(self._items.get(asset_id))

    def _show_items(self) -> None:
        items = list(self._items.values())
        self._dock.show_pictures(items)
        self._pictures.load_thumbnails(items)

    # Files

    async def _choose_files(self) -> None:
        paths = await choose_files(self._dock.window(), "Add pictures", filters=PICTURE_FILES)
        if paths:
            self._adding_files.trigger(paths)

    async def _add_files(self, paths: Sequence[Path]) -> None:
        """Import files and take them in; those that are in the library already are taken too."""
        self._adding, self._trouble = len(paths), ""
        self._refresh()
        refused: list[Refusal] = []
        taken: set[str] = set()
        try:
            async for progress in self._ports.imports.run(paths):
                here = [r.asset_id for r in progress.refused if r.asset_id]
                refused = [r for r in progress.refused if not r.asset_id]
                new = [i for i in (*progress.added_ids, *here) if i not in taken]
                taken.update(new)
                await self._take_in(new)
                self._adding = max(0, progress.total - progress.done)
                self._show_footer()
        finally:
            self._adding = 0
            self._refresh()
        if refused:
            count = counted(len(refused), "file was", "files were")
            names = ", ".join(f"“{r.path.name}”" for r in refused[:3])
            self._show_trouble(f"{count} not added: {names}. {refused[0].reason}")

    async def _take_in(self, asset_ids: Sequence[str]) -> None:
        for asset_id in asset_ids:
            item = None if asset_id in self._items else await self._ports.items.item(asset_id)
            if item is not None:
                self._items[item.id] = item
                self._show_items()
                if not self._current:
                    self._look_at(item.id)

    def _on_add_failed(self, error: Exception) -> None:
        self._show_trouble(sentence(error))

    # Price and sending

    def _start_quote(self) -> None:
        self._price = Price.ASKING
        self._show_footer()
        self._asking.trigger(self._draft.requests(list(self._items)))

    def _renew_quote(self) -> None:
        if self._price is Price.KNOWN and self._page.isVisible() and not self._sending.is_busy:
            self._asking.trigger(self._draft.requests(list(self._items)))

    def _on_quote(self, quote: Quote) -> None:
        self._quote, self._price, self._price_error = quote, Price.KNOWN, ""
        self._renewal_timer.start()
        self._show_footer()

    def _on_quote_failed(self, error: Exception) -> None:
        self._price = Price.FAILED
        self._price_error = sentence(error)
        self._show_footer()

    async def _send(self, quote: Quote) -> None:
        decision = self._ports.guard.decide(quote.total)
        is_confirmed = False
        if decision.verdict is Verdict.ASK:
            count = counted(len(quote.requests), "detect job")
            is_confirmed = await confirm(
                self._dock.window(),
                f"Start {count} for {units(quote.total)}?",
                decision.text,
                f"Detect · {units(quote.total)}",
            )
            if not is_confirmed or quote is not self._quote:
                return
        inputs = [self._items[request.image] for request in quote.requests]
        self._trouble = ""
        started = await self._ports.detect.submit(quote, inputs, is_confirmed=is_confirmed)
        self._ports.messages.toast(f"{counted(len(started), 'detect job')} started")
        self.jobs_started.emit(started)
        self._refresh()  # a quote is good for one order

    def _on_send_failed(self, error: Exception) -> None:
        self._ports.messages.report(error)
        self._refresh()
        self._show_trouble(sentence(error))

    # Showing

    def _show_draft(self) -> None:
        draft = self._draft
        self._dock.show_draft(draft)
        ports = self._ports
        self._dock.show_note(draft_note(draft, ports.previewable, is_local=ports.is_local))
        self._show_errors()

    def _show_errors(self) -> None:
        errors = field_errors(self._draft).get(self._draft.current, {})
        self._dock.show_errors(errors)

    def _show_trouble(self, text: str) -> None:
        self._trouble = text
        self._show_footer()

    def _show_footer(self) -> None:
        quote, draft = self._quote, self._draft
        each: dict[Modality, Decimal | None] | None = None
        after: Decimal | None = None
        if quote is not None:
            each = {r.modality: cost for r, cost in zip(quote.requests, quote.each, strict=True)}
            if self._left is not None and quote.total is not None:
                after = self._left - quote.total
        count = len(self._items)
        self._dock.show_footer(
            Footer(
                lines=tuple(price_lines(draft, count, each)),
                after=after,
                price=self._price,
                total=quote.total if quote is not None else None,
                jobs=count * len(draft.modalities),
                reasons=tuple(self.why_not()),
                error=self._trouble,
                is_sending=self._sending.is_busy,
                is_refused=self._is_refused(),
            )
        )
