"""Decides what the refine form shows: the plan as it is edited, and what becomes of each input."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from scenario_desktop.errors import AppError
from scenario_desktop.items import Item
from scenario_desktop.services.sartiq.pictures import kept_body, kept_slots
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.words import counted
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.dialogs import choose_files
from scenario_desktop.ui.panels.refine import state
from scenario_desktop.ui.panels.refine.dock import RefineDock
from scenario_desktop.ui.panels.refine.following import RefineFollower
from scenario_desktop.ui.panels.refine.page import RefinePage
from scenario_desktop.ui.panels.refine.pictures import RefinePictures
from scenario_desktop.ui.panels.refine.ports import RefinePorts
from scenario_desktop.ui.panels.refine.state import (
    Input,
    Missing,
    RefineDraft,
    Size,
    Stage,
)
from scenario_desktop.ui.panels.refine.strip import TileWords
from scenario_desktop.ui.panels.request.footer import Footer
from scenario_desktop.ui.panels.request.known_ids import KnownIdActions
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.request.standing import Standing
from scenario_desktop.ui.widgets.banner import Tone
from scenario_desktop.ui.widgets.menu import Menu

PICTURE_FILES = "Pictures (*.png *.jpg *.jpeg *.webp *.tif *.tiff *.gif *.bmp);;All files (*)"
#: What the service calls a model among the ids that are remembered.
MODEL = "refine_model"


class RefineController(QObject):
    """Connects page and dock to the services of one workspace.

    Signals:
        jobs_started: ids of the ledger rows that were sent.
        settings_requested: the user wants to change the spending limit.
        connect_requested: the workspace has no connection to the service, and one is wanted.
        login_requested: the service refuses the login, and another should be typed.
        retry_requested: the service should be tried again now.
        reveal_requested: ids of items to show in the library.
    """

    jobs_started = Signal(object)
    settings_requested = Signal()
    connect_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()
    reveal_requested = Signal(object)

    def __init__(self, page: RefinePage, dock: RefineDock, ports: RefinePorts) -> None:
        super().__init__(page)
        self._page, self._dock, self._ports = page, dock, ports
        self._standing = Standing(ports.service, ports.guard, dock)
        self._inputs: dict[str, Input] = {}
        self._current = ""
        self._draft = RefineDraft.from_dict(ports.drafts.load(ports.draft_name))
        self._trouble = self._note = ""
        self.follower = RefineFollower(ports, self)
        self._pictures = RefinePictures(page, ports, self._long_side_after, self)
        self._make_actions()
        self._connect()
        dock.show_draft(self._draft)
        if ports.service is None:
            self._show_missing()
        else:
            if ports.service.is_local:
                dock.show_unused()
            self._refresh()

    def _make_actions(self) -> None:
        report = self._ports.messages.report
        self.sending = AsyncAction(self._send, parent=self)
        self.sending.failed.connect(self._on_send_failed)
        self.sending.busy_changed.connect(self._show_footer)
        self.retrying = AsyncAction(self._retry, parent=self)
        self.retrying.failed.connect(self._on_send_failed)
        self.adding = AsyncAction(self._add_files, parent=self)
        self.choosing = AsyncAction(self._choose_files, parent=self)
        self.taking = AsyncAction(self._take_chosen, parent=self)
        self.dropping = AsyncAction(self._take_dropped, parent=self)
        self.restoring = AsyncAction(self._restore, parent=self)
        service = self._ports.service
        known = service.known if service is not None else None
        self.known_ids = KnownIdActions(known, self._ports.messages, self)
        self.known_ids.changed.connect(self._show_models)
        self.learning = AsyncAction(self._learn, parent=self, overlap=Overlap.RESTART)
        self.learning.succeeded.connect(self._on_learnt)
        for action in (
            self.adding, self.choosing, self.taking, self.dropping, self.restoring, self.learning,
        ):  # fmt: skip
            action.failed.connect(report)

    def _connect(self) -> None:
        page, dock, strip = self._page, self._dock, self._page.strip
        self.follower.moved.connect(self._on_moved)
        self.follower.resolved.connect(self._on_resolved)
        dock.edited.connect(self._on_edited)
        dock.width_edited.connect(self._on_width)
        dock.height_edited.connect(self._on_height)
        dock.clear_requested.connect(self.clear)
        dock.reset_requested.connect(self.reset)
        dock.forget_requested.connect(self._on_forget)
        dock.submit_requested.connect(self.submit)
        dock.settings_requested.connect(self.settings_requested)
        dock.login_requested.connect(self.login_requested)
        dock.retry_requested.connect(self.retry_requested)
        dock.results_requested.connect(self._on_results)
        page.add_requested.connect(self._on_add)
        page.retry_requested.connect(self._pictures.retry)
        page.connect_requested.connect(self.connect_requested)
        page.files_dropped.connect(self.adding.trigger)
        page.items_dropped.connect(self.dropping.trigger)
        strip.picked.connect(self._look_at)
        strip.remove_requested.connect(self._take_out)
        strip.retry_requested.connect(self.retrying.trigger)
        self._ports.items.changed.connect(self._on_library_changed)
        service = self._ports.service
        if service is not None:
            service.jobs.changed.connect(self._on_jobs_changed)
            service.reach.status_changed.connect(self._on_reach_changed)

    def close(self) -> None:
        """Follow nothing any more."""
        self._ports.items.changed.disconnect(self._on_library_changed)
        service = self._ports.service
        if service is not None:
            service.jobs.changed.disconnect(self._on_jobs_changed)
            service.reach.status_changed.disconnect(self._on_reach_changed)

    # What others call

    def open(self, items: Sequence[Item] = ()) -> None:
        """Show the form for these items; without any it stays as it was left."""
        if self._ports.service is None:
            return
        if items:
            self._inputs.clear()
            self._note = ""
            self.add(items)
        elif not self._inputs and self._draft.inputs:
            self.restoring.trigger()

    def restore(self, request: Mapping[str, Any]) -> None:
        """Show the form with what a row of the ledger was made from."""
        body = kept_body(request)
        scale, sizes = body.get("scale_factor"), {size.factor: size for size in Size}
        keys = [
            f"item:{ref.item_id}" if ref.item_id else f"file:{ref.file}"
            for refs in kept_slots(request).values()
            for ref in refs
        ]
        chained = body.get("refines_refine_ids") or {}
        keys += [f"item:{chained.get(i, i)}" for i in body.get("prediction_ids") or ()]
        self._draft = replace(
            self._draft,
            size=sizes.get(scale, Size.SIDES) if scale else Size.SIDES,
            width=int(body.get("width") or 0),
            height=int(body.get("height") or 0),
            prompt=str(body.get("prompt") or ""),
            model_id=str(body.get("refine_model_id") or ""),
            inputs=tuple(keys),
        )
        self._dock.show_draft(self._draft)
        self._inputs.clear()
        self.restoring.trigger()

    def add(self, items: Sequence[Item]) -> None:
        """Take in items beside those that are there; what cannot be refined is left out."""
        good = [item for item in items if not state.refusal(item)]
        self._note = state.left_out_text(items)
        self._take_in([Input.of_item(item) for item in good])

    def look_again(self) -> None:
        """Show anew what stands in the way: the spending limit may be another one."""
        self._show_footer()

    def submit(self) -> None:
        """Send what the form says, if nothing stands in the way."""
        if not self.why_not() and not self.sending.is_busy:
            self.sending.trigger()

    def reset(self) -> None:
        """Put size, prompt and model back; the inputs stay."""
        self._draft = RefineDraft(inputs=self._draft.inputs)
        self._dock.show_draft(self._draft)
        self._on_edited()

    def clear(self) -> None:
        """Take all inputs out; jobs that were sent go on."""
        self._inputs.clear()
        self._note = self._trouble = ""
        self._show_inputs()

    def commands(self) -> list[Command]:
        """Return what the palette and the keys can do while this page is shown."""
        return [
            Command(
                "refine.run", "Refine", self.submit, group="Do", icon="maximize-2",
                shortcut="Ctrl+Return", reason=self._first_reason,
            ),
            Command("refine.add_files", "Add files…", self.choosing.trigger, icon="image-plus",
                    reason=self._needs_service),
            Command("refine.add_chosen", "Add what is selected in the library",
                    self.taking.trigger, icon="images", reason=self._needs_chosen),
            Command("refine.reset", "Reset the form", self.reset, icon="rotate-ccw"),
        ]  # fmt: skip

    def why_not(self) -> list[str]:
        """Return every reason why the form cannot be sent now."""
        service = self._ports.service
        if service is None:
            return [Missing().title]
        waiting = self._waiting()
        found = [] if not self._inputs or waiting else [self._all_sent()]
        found += state.reasons(waiting or list(self._inputs.values()), self._draft)
        return found + self._standing.reasons()

    @property
    def inputs(self) -> tuple[Input, ...]:
        return tuple(self._inputs.values())

    @property
    def draft(self) -> RefineDraft:
        return self._draft

    # Reasons

    def _first_reason(self) -> str:
        return next(iter(self.why_not()), "")

    def _needs_service(self) -> str:
        return "" if self._ports.service is not None else Missing().title

    def _needs_chosen(self) -> str:
        if reason := self._needs_service():
            return reason
        return "" if self._ports.chosen_count() else "Nothing is selected in the library"

    def _waiting(self) -> list[Input]:
        """Return the inputs that would be sent now."""
        return self.follower.waiting(self._inputs.values(), self._draft.settings())

    def _all_sent(self) -> str:
        stages = {self.follower.progress(key).stage for key in self._inputs}
        if Stage.WORKING in stages:
            return "All inputs are in work."
        if Stage.UNCERTAIN in stages:
            return "It is uncertain what became of an input. See it in the jobs."
        return "All inputs are refined like this. Change something to refine them again."

    # Edits

    def _on_edited(self) -> None:
        self._draft = self._dock.draft(tuple(self._inputs))
        if self._draft.size is Size.SIDES and not self._draft.width and not self._draft.height:
            self._begin_sides()
        self._trouble = ""
        self._remember()
        self._refresh()

    def _begin_sides(self) -> None:
        """Begin with twice the size of the picture that is looked at."""
        one = self._inputs.get(self._current)
        if one is not None and one.width and one.height:
            self._draft = replace(self._draft, width=one.width * 2, height=one.height * 2)
            self._dock.show_draft(self._draft)

    def _on_width(self) -> None:
        draft = self._dock.draft(tuple(self._inputs))
        if draft.is_linked:
            height = state.linked_height(draft.width, self._inputs.get(self._current))
            self._dock.show_draft(replace(draft, height=height or draft.height))
        self._on_edited()

    def _on_height(self) -> None:
        draft = self._dock.draft(tuple(self._inputs))
        if draft.is_linked:
            width = state.linked_width(draft.height, self._inputs.get(self._current))
            self._dock.show_draft(replace(draft, width=width or draft.width))
        self._on_edited()

    def _remember(self) -> None:
        self._draft = replace(self._draft, inputs=tuple(self._inputs))
        self._ports.drafts.save(self._ports.draft_name, self._draft.to_dict())

    # Inputs

    def _take_in(self, new: Sequence[Input]) -> None:
        for one in new:
            if len(self._inputs) < state.MAX_INPUTS:
                self._inputs.setdefault(one.key, one)
            else:
                self._note = f"At most {state.MAX_INPUTS:,} inputs are taken at once."
        self.follower.adopt(self.inputs)
        self._show_inputs()
        self.learning.trigger()

    def _take_out(self, key: str) -> None:
        keys = list(self._inputs)
        place = keys.index(key) if key in keys else 0
        self._inputs.pop(key, None)
        left = list(self._inputs)
        if key == self._current and left:
            self._current = left[min(place, len(left) - 1)]
            self._look_at(self._current, anew=True)
        self._show_inputs()

    def _show_inputs(self) -> None:
        self._page.strip.set_keys(list(self._inputs))
        self.follower.look_at_jobs()
        if self._current not in self._inputs:
            self._look_at(next(iter(self._inputs), ""), anew=True)
        self._page.strip.set_current(self._current)
        self._pictures.load_tiles(list(self._inputs.values()))
        self._remember()
        self._refresh()

    def _look_at(self, key: str, *, anew: bool = False) -> None:
        if key == self._current and not anew:
            return
        self._current = key if key in self._inputs else ""
        self._page.strip.set_current(self._current)
        one = self._inputs.get(self._current)
        follower = self.follower
        progress = follower.progress(self._current)
        self._pictures.look_at(one, follower.result(self._current), progress)
        self._show_reach()

    async def _learn(self) -> dict[str, Input]:
        """Find out what is not known of the inputs: how a refine was made, how large a file is."""
        found: dict[str, Input] = {}
        for key, one in list(self._inputs.items()):
            if one.item is not None and one.item.is_refine and not one.scale:
                metadata = (await self._ports.items.details(one.item.key)).metadata
                factor = dict(metadata).get("scaleFactor")
                if isinstance(factor, int | float):
                    found[key] = replace(one, scale=f"{factor:g}×")
            elif one.path is not None and one.width is None and not one.trouble:
                found[key] = await self._measured(one, one.path)
        return found

    async def _measured(self, one: Input, path: Path) -> Input:
        try:
            width, height = await self._ports.large.measure(path)
        except AppError as error:
            return replace(one, trouble=sentence(error))
        return replace(one, width=width, height=height)

    def _on_learnt(self, found: Mapping[str, Input]) -> None:
        for key, one in found.items():
            if key not in self._inputs:
                continue
            self._inputs[key] = one
            if key == self._current:
                if one.trouble:
                    self._look_at(key, anew=True)
                else:
                    self._on_moved(key)
        self._refresh()

    # Ways in

    def _on_add(self, anchor: QWidget) -> None:
        menu = Menu(anchor, name="Add inputs")
        count = self._ports.chosen_count()
        text = f"Selected in the library ({count:,})" if count else "Selected in the library"
        menu.add(text, self.taking.trigger, icon="images", reason=self._needs_chosen())
        menu.add("Files…", self.choosing.trigger, icon="folder-open")
        menu.aboutToHide.connect(menu.deleteLater)
        place = anchor.rect().center() if anchor.height() > 200 else anchor.rect().topRight()
        menu.popup(anchor.mapToGlobal(place))

    async def _choose_files(self) -> None:
        paths = await choose_files(self._dock.window(), "Add pictures", filters=PICTURE_FILES)
        if paths:
            self.adding.trigger(paths)

    async def _add_files(self, paths: Sequence[Path]) -> None:
        if self._ports.service is None:
            return
        found = await asyncio.to_thread(_files, paths)
        skipped = len(paths) - len(found)
        self._note = ""
        if skipped:
            count = counted(skipped, "folder was", "folders were")
            self._note = f"{count} left out. Drop the pictures themselves."
        self._take_in(found)

    async def _take_chosen(self) -> None:
        self.add(await self._ports.chosen())

    async def _take_dropped(self, keys: Sequence[int]) -> None:
        found = await self._ports.items.items(keys)
        self.add([found[key] for key in keys if key in found])

    async def _restore(self) -> None:
        """Bring back the inputs of the draft, as far as they are still there."""
        found: list[Input] = []
        for key in self._draft.inputs:
            kind, _, name = key.partition(":")
            if kind == "item":
                item = await self._ports.items.item(name)
                if item is not None and not state.refusal(item):
                    found.append(Input.of_item(item))
            elif kind == "file":
                found += await asyncio.to_thread(_files, [Path(name)])
        self._take_in(found)

    # News

    def _on_library_changed(self, change: Any) -> None:
        changed = set(change.keys)
        items = ((one, one.item) for one in self._inputs.values())
        self.follower.note_changed(
            [one for one, item in items if item is not None and item.key in changed]
        )

    def _on_jobs_changed(self, _change: object = None) -> None:
        self.follower.look_at_jobs()
        self._refresh()

    def _on_moved(self, key: str) -> None:
        """Let the pictures show how far an input is, if it is looked at."""
        if key == self._current and key in self._inputs:
            follower = self.follower
            self._pictures.follow(self._inputs[key], follower.result(key), follower.progress(key))

    def _on_resolved(self, inputs: Mapping[str, Item | None], made: Collection[str]) -> None:
        for key, item in inputs.items():
            one = self._inputs.get(key)
            if one is None:
                continue
            if item is None:
                self._inputs[key] = replace(one, trouble="It is no longer in the library.")
            else:
                self._inputs[key] = Input.of_item(item, one.scale)
        if self._current in made:
            self._on_moved(self._current)
        self._refresh()

    def _made(self) -> list[str]:
        """Return the ids of what has come of the inputs that are there."""
        return self.follower.made(self._inputs)

    def _on_results(self) -> None:
        self.reveal_requested.emit(self._made())

    def _on_reach_changed(self, _status: object) -> None:
        self._show_reach()
        self._show_footer()

    # Sending

    async def _send(self) -> None:
        service = self._ports.service
        inputs, draft = self._waiting(), self._draft
        if service is None or not inputs:
            return
        plan = state.plan_of(inputs, draft)
        count = counted(len(inputs), "item")
        words = f"{plan.text[:1].upper()}{plan.text[1:]}".rstrip(".") + "."
        is_confirmed = await self._standing.may_spend(f"Refine {count}?", words, f"Refine {count}")
        if is_confirmed is None or draft != self._draft:
            return
        self._trouble = ""
        ids = await service.runs.refine(plan, is_confirmed=is_confirmed)
        settings = draft.settings()
        for one, row_id in zip(inputs, ids, strict=True):
            self.follower.follow(one.key, row_id, settings)
        self._ports.messages.toast(f"{counted(len(ids), 'refine')} started")
        self.jobs_started.emit(ids)
        self._on_jobs_changed()
        if model := settings.get("refine_model_id"):
            await service.known.note(MODEL, model)
            self._refresh()

    async def _retry(self, key: str) -> None:
        service, row_id = self._ports.service, self.follower.row_id(key)
        if service is None or row_id is None:
            return
        name = self._inputs[key].name if key in self._inputs else "this item"
        is_confirmed = await self._standing.may_spend(
            "Refine it again?", f"“{name}”.", "Refine again"
        )
        if is_confirmed is None:
            return
        new = await service.jobs.send_again(row_id, is_confirmed=is_confirmed)
        self.follower.follow(key, new, self.follower.sent_with(key))
        self.jobs_started.emit([new])
        self._on_jobs_changed()

    def _on_send_failed(self, error: object) -> None:
        self._ports.messages.report(error)
        self._trouble = sentence(error)
        self._show_footer()

    # Showing

    def _long_side_after(self, one: Input) -> int | None:
        after = one.size_after(self._draft.settings())
        return max(after) if after is not None else None

    def _show_missing(self) -> None:
        missing = Missing()
        if self._ports.trouble:
            missing = Missing("Sartiq could not be opened", self._ports.trouble, "Connection…")
        self._page.show_missing(missing)
        self._dock.setEnabled(True)
        self._dock.show_sizes("", {})
        self._dock.show_footer(Footer(verb="Refine", reasons=(missing.title,)))

    def _refresh(self) -> None:
        """Show everything that follows from the inputs, the draft and the jobs."""
        service = self._ports.service
        if service is None:
            return
        inputs, draft = list(self._inputs.values()), self._draft
        settings = draft.settings()
        for one in inputs:
            tile = self._page.strip.tile(one.key)
            if tile is not None:
                sizes = one.sizes_text(settings)
                tile.set_words(TileWords(one.name, one.badge, sizes, one.trouble))
                tile.set_progress(self.follower.progress(one.key))
        refused = {
            size: f"Too large for {count:,} of the {len(inputs):,} inputs"
            for size, count in state.scales_too_large(inputs).items()
        }
        self._dock.show_sizes(state.size_note(inputs, draft), refused)
        self._dock.show_plan(
            state.plan_lines(self._waiting(), draft, uploads_items=service.uploads_items)
        )
        self._show_models()
        self._show_reach()
        self._pictures.tell()
        self._show_footer()

    def _on_forget(self, model_id: str) -> None:
        self.known_ids.forgetting.trigger(MODEL, model_id)

    def _show_models(self) -> None:
        service = self._ports.service
        if service is None:
            return
        known = service.known.of(MODEL)
        typed = self._draft.model_id.strip()
        found = next((one for one in known if one.id == typed), None)
        note = ""
        if found is not None and found.count:
            times = "once" if found.count == 1 else counted(found.count, "time")
            note = f"Used {times} in this workspace"
        elif typed:
            note = "Not used in this workspace before"
        wrong = state.model_error(self._draft)
        rows = [(one.id, one.name or counted(one.count, "time")) for one in known]
        self._dock.show_models(rows, wrong or note, is_wrong=bool(wrong))

    def _show_reach(self) -> None:
        trouble = self._standing.trouble
        if trouble:
            text = f"{trouble} What was sent goes on there; new refines wait."
            self._dock.show_banner(text, Tone.WARNING)
            return
        progress = self.follower.progress(self._current)
        is_failed = progress.stage is Stage.FAILED
        is_bad = is_failed or progress.stage is Stage.UNCERTAIN
        text = progress.whole if is_bad and self._current in self._inputs else ""
        self._dock.show_banner(text, Tone.DANGER if is_failed else Tone.WARNING)

    def _show_footer(self) -> None:
        service = self._ports.service
        if service is None:
            return
        count = len(self._waiting())
        self._dock.show_footer(
            Footer(
                verb=f"Refine {counted(count, 'item')}" if count else "Refine",
                price=self._standing.price_text,
                usual=state.usual_time(service.jobs.rows, Op.REFINE),
                reasons=tuple(self.why_not()),
                error=self._trouble,
                note=self._note,
                is_sending=self.sending.is_busy,
                is_refused=self._standing.is_refused,
                needs_login=self._standing.needs_login,
                is_offline=self._standing.is_offline,
                done=0 if count else len(self._made()),
            )
        )  # fmt: skip


def _files(paths: Sequence[Path]) -> list[Input]:
    """Return the files among paths as inputs; touches the disk."""
    found = []
    for path in paths:
        try:
            if path.is_file():
                found.append(Input.of_file(path.absolute(), path.stat().st_size))
        except OSError:  # gone or not ours to read: it is as if it was not there
            continue
    return found
