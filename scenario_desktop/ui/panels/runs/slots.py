"""How pictures get into the form of a run: from the library, from files, by a drop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget

from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.dialogs import choose_files
from scenario_desktop.ui.panels.runs.dock import RunsDock
from scenario_desktop.ui.panels.runs.kinds import KINDS, slots
from scenario_desktop.ui.panels.runs.page import RunsPage
from scenario_desktop.ui.panels.runs.pictures import RunPicturesLoader
from scenario_desktop.ui.panels.runs.ports import RunsPorts
from scenario_desktop.ui.panels.runs.state import RunDraft, key_of, refusal
from scenario_desktop.ui.widgets.menu import Menu

PICTURE_FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.gif *.bmp);;All files (*)"


class RunSlots(QObject):
    """Puts pictures into the slots of the draft that is shown, and shows them there.

    Signals:
        changed: a slot, and the pictures that are in it now.
        added: the key of the first picture that came.
    """

    changed = Signal(str, object)
    added = Signal(str)

    def __init__(
        self,
        page: RunsPage,
        dock: RunsDock,
        ports: RunsPorts,
        loader: RunPicturesLoader,
        draft: Callable[[], RunDraft],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._dock, self._ports, self._loader, self._draft = dock, ports, loader, draft
        self.choosing = AsyncAction(self._choose_files, parent=self)
        self.taking = AsyncAction(self._take_chosen, parent=self)
        self.dropping = AsyncAction(self._take_dropped, parent=self)
        for action in (self.choosing, self.taking, self.dropping):
            action.failed.connect(ports.messages.report)
        dock.pictures_edited.connect(self._on_edited)
        dock.add_requested.connect(self.offer)
        dock.files_dropped.connect(self.add_files)
        dock.keys_dropped.connect(self.dropping.trigger)
        page.add_requested.connect(self._on_page_add)
        page.files_dropped.connect(self._on_page_files)
        page.keys_dropped.connect(self._on_page_keys)
        loader.small_ready.connect(self._on_small)

    @property
    def main(self) -> str:
        """Where pictures go that are not put into a slot of their own."""
        op = self._draft().op
        return KINDS[op].main or next(iter(slots(op)), "")

    def offer(self, slot: str, below: QWidget) -> None:
        """Offer what can be put into a slot."""
        menu = Menu(below, name="Add")
        count = self._ports.chosen_count()
        text = f"What is selected in the library ({count:,})" if count else "Library selection"
        menu.add(text, partial(self.taking.trigger, slot), icon="images",
                 reason="" if count else "Nothing is selected in the library")  # fmt: skip
        menu.add("Files…", partial(self.choosing.trigger, slot), icon="image-plus")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(below.mapToGlobal(below.rect().center()))

    def choose_for_main(self) -> None:
        self.choosing.trigger(self.main)

    def take_for_main(self) -> None:
        self.taking.trigger(self.main)

    def add_files(self, slot: str, files: Sequence[Path]) -> None:
        self._add(slot, [PictureRef.of(path.absolute()) for path in files])

    def add_items(self, slot: str, items: Sequence[Item]) -> None:
        """Put items into a slot; what cannot be a run's picture is left out, and told."""
        why = [text for item in items if (text := refusal(item))]
        good = [item for item in items if not refusal(item)]
        for item in good:
            self._loader.take(item)
        self._add(slot, [PictureRef.of(item) for item in good])
        if why:
            more = f" {len(why) - 1:,} more were left out." if len(why) > 1 else ""
            self._ports.messages.toast(f"{why[0]}{more}")

    def show(self) -> None:
        """Show the small pictures of the draft in their slots."""
        for slot, found in self._draft().slots.items():
            for ref in found:
                key = key_of(ref)
                if self._loader.name_of(key):
                    picture = self._loader.small_of(key)
                    self._dock.set_picture(slot, key, picture, self._loader.name_of(key))
        self._loader.load_small(ref for found in self._draft().slots.values() for ref in found)

    def _add(self, slot: str, refs: Sequence[PictureRef]) -> None:
        if not slot or not refs:
            return
        draft = self._draft()
        takes_several = slots(draft.op)[slot] or slot == KINDS[draft.op].main
        before = draft.refs(slot) if takes_several else ()
        merged = {key_of(ref): ref for ref in (*before, *refs)}
        self.changed.emit(slot, list(merged.values()) if takes_several else [refs[-1]])
        self.added.emit(key_of(refs[0] if takes_several else refs[-1]))

    def _on_edited(self, slot: str, keys: Sequence[str]) -> None:
        known = {key_of(ref): ref for ref in self._draft().refs(slot)}
        self.changed.emit(slot, [known[key] for key in keys if key in known])

    def _on_small(self, key: str, picture: QPixmap, name: str) -> None:
        for slot, refs in self._draft().slots.items():
            if key in [key_of(ref) for ref in refs]:
                self._dock.set_picture(slot, key, picture, name)

    def _on_page_add(self, below: QWidget) -> None:
        self.offer(self.main, below)

    def _on_page_files(self, files: Sequence[Path]) -> None:
        self.add_files(self.main, files)

    def _on_page_keys(self, keys: Sequence[int]) -> None:
        self.dropping.trigger(self.main, keys)

    async def _choose_files(self, slot: str) -> None:
        paths = await choose_files(self._dock.window(), "Add pictures", filters=PICTURE_FILES)
        if paths:
            self.add_files(slot, paths)

    async def _take_chosen(self, slot: str) -> None:
        self.add_items(slot, await self._ports.chosen())

    async def _take_dropped(self, slot: str, keys: Sequence[int]) -> None:
        found = await self._ports.items.items(keys)
        self.add_items(slot, [found[key] for key in keys if key in found])
