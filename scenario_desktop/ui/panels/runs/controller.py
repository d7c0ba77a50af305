"""Decides what the form of a run shows, and sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.sartiq.pictures import PictureRef
from scenario_desktop.services.sartiq.remembered import used_ids
from scenario_desktop.services.sartiq.run_kinds import MODELS, Op
from scenario_desktop.services.words import counted
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.forms.word_editors import KnownEntry
from scenario_desktop.ui.panels.request.footer import Footer
from scenario_desktop.ui.panels.request.known_ids import KnownIdActions
from scenario_desktop.ui.panels.request.ports import sentence
from scenario_desktop.ui.panels.request.standing import Standing
from scenario_desktop.ui.panels.runs import state
from scenario_desktop.ui.panels.runs.dock import RunsDock
from scenario_desktop.ui.panels.runs.following import RunFollower
from scenario_desktop.ui.panels.runs.kinds import KINDS, UNUSED_HERE, slots, specs
from scenario_desktop.ui.panels.runs.page import Action, RunsPage, View
from scenario_desktop.ui.panels.runs.ports import RunsPorts
from scenario_desktop.ui.panels.runs.slots import RunSlots
from scenario_desktop.ui.panels.runs.state import (
    Problems,
    RunDraft,
    key_of,
)
from scenario_desktop.ui.widgets.banner import Tone

NO_ACCOUNT = "This workspace has no Sartiq account"
_PREDICTION = "prediction"


class RunsController(QObject):
    """Connects page and dock to the services of one workspace.

    Signals:
        jobs_started: ids of the ledger rows that were sent.
        jobs_requested: a row that should be shown among the jobs.
        reveal_requested: ids of items to show in the library.
        settings_requested, connect_requested, login_requested: what stands in the way should be
            changed: the spending limit, the missing connection, the refused login.
        retry_requested: the service should be tried again now.
    """

    jobs_started = Signal(object)
    jobs_requested = Signal(str)
    reveal_requested = Signal(object)
    settings_requested = Signal()
    connect_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()

    def __init__(self, page: RunsPage, dock: RunsDock, ports: RunsPorts) -> None:
        super().__init__(page)
        self._page, self._dock, self._ports = page, dock, ports
        self._standing = Standing(ports.service, ports.guard, dock)
        self._drafts: dict[Op, RunDraft] = {}
        self._op = Op.GENERATE
        self._touched: set[str] = set()
        self._told: dict[Op, Problems] = {}
        self._asked_to_send = False
        self._trouble = ""
        self._named: dict[str, KnownEntry] = {}  # predictions of the library, by their ids
        self._seen: set[str] = set()  # rows whose refused fields were shown
        self.follower = RunFollower(page, ports, self)
        self.loader = self.follower.loader
        self.slots = RunSlots(page, dock, ports, self.loader, lambda: self.draft, self)
        self._make_actions()
        self._connect()
        if ports.service is None:
            self._show_missing()

    def _make_actions(self) -> None:
        self.sending = AsyncAction(self._send, parent=self)
        self.sending.failed.connect(self._on_send_failed)
        self.sending.busy_changed.connect(self._show_footer)
        self.naming = AsyncAction(self._name, parent=self)
        self.naming.succeeded.connect(self._show_known)
        service = self._ports.service
        known = service.known if service is not None else None
        self.known_ids = KnownIdActions(known, self._ports.messages, self)
        self.known_ids.changed.connect(self._show_known)
        self.naming.failed.connect(self._ports.messages.report)

    def _connect(self) -> None:
        page, dock, follower = self._page, self._dock, self.follower
        dock.edited.connect(self._on_edited)
        dock.picture_looked_at.connect(follower.look_at)
        dock.name_given.connect(self.naming.trigger)
        dock.forget_requested.connect(self.known_ids.forgetting.trigger)
        dock.kind_wanted.connect(self.show_kind)
        dock.size_wanted.connect(self._on_size_wanted)
        dock.shape_wanted.connect(self._on_shape_wanted)
        dock.submit_requested.connect(self.submit)
        dock.reset_requested.connect(self.reset)
        dock.settings_requested.connect(self.settings_requested)
        dock.login_requested.connect(self.login_requested)
        dock.retry_requested.connect(self.retry_requested)
        self.slots.changed.connect(self._set_slot)
        self.slots.added.connect(self._on_added)
        page.connect_requested.connect(self.connect_requested)
        follower.jobs_requested.connect(self.jobs_requested)
        follower.reveal_requested.connect(self.reveal_requested)
        self._ports.items.changed.connect(self._on_library_changed)
        service = self._ports.service
        if service is not None:
            service.jobs.changed.connect(self._on_jobs_changed)
            service.reach.status_changed.connect(self._on_reach_changed)

    def close(self) -> None:
        """Follow nothing any more."""
        self.follower.close()
        self._ports.items.changed.disconnect(self._on_library_changed)
        service = self._ports.service
        if service is not None:
            service.jobs.changed.disconnect(self._on_jobs_changed)
            service.reach.status_changed.disconnect(self._on_reach_changed)

    # What others call

    @property
    def op(self) -> Op:
        return self._op

    @property
    def draft(self) -> RunDraft:
        return self._draft_of(self._op)

    def open(self, op: Op, items: Sequence[Item] = ()) -> None:
        """Show the form of a kind, for these items where it works on pictures."""
        if self._ports.service is None:
            return
        self._begin(op)
        self._fill(items)
        self._show()

    def show_kind(self, op: Op) -> None:
        """Show the form of another kind; the pictures that were worked on come along."""
        before = self.draft.mains
        self._begin(op)
        if KINDS[op].main and before and not self.draft.mains:
            self._keep(self.draft.with_slot(KINDS[op].main, before))
        self._show()

    def restore(self, row_id: str) -> None:
        """Show the form that a row of the jobs was made from.

        Raises:
            NotFound: there is no such row.
        """
        service = self._ports.service
        if service is None:
            return
        op, body, pictures = service.runs.draft_of(row_id)
        draft = RunDraft.of_run(op, body, {n: tuple(refs) for n, refs in pictures.items()})
        self.show_draft(draft, row_id)

    def show_draft(self, draft: RunDraft, row_id: str = "") -> None:
        """Show the form of a kind with these values, and the run that came of them if any."""
        if self._ports.service is None:
            return
        self._begin(draft.op)
        self._keep(draft)
        if row_id:
            main = KINDS[draft.op].main
            key = key_of(draft.mains[0]) if main and draft.mains else ""
            self.follower.follow(draft.op, key, row_id)
            self._note_refused(row_id)
        self._show()
        self._dock.open_groups(list(draft.values))

    def look_again(self) -> None:
        """Show anew what stands in the way: the spending limit may be another one."""
        self._show_footer()

    def submit(self) -> None:
        """Send what the form says, if nothing stands in the way; else point at it."""
        if self.sending.is_busy:
            return
        self._asked_to_send = True
        self._told.pop(self._op, None)
        if self.why_not():
            self._show_errors()
            self._dock.form.focus_first_error()
        else:
            self.sending.trigger()

    def reset(self) -> None:
        """Put every field back; the pictures that are worked on stay."""
        main = KINDS[self._op].main
        kept = {main: self.draft.mains} if self.draft.mains else {}
        self._forget_messages()
        self._keep(RunDraft(self._op, {}, kept))
        self._show()

    def commands(self) -> list[Command]:
        """Return what the palette and the keys can do while this page is shown."""
        return [
            Command(
                "runs.run", "Start the run", self.submit, group="Do", icon="play",
                shortcut="Ctrl+Return", reason=self._first_reason,
            ),
            Command("runs.add_files", "Add files…", self.slots.choose_for_main, icon="image-plus",
                    reason=self._needs_slot),
            Command("runs.add_chosen", "Add what is selected in the library",
                    self.slots.take_for_main, icon="images", reason=self._needs_chosen),
            Command("runs.reset", "Reset the form", self.reset, icon="rotate-ccw"),
        ]  # fmt: skip

    def why_not(self) -> list[str]:
        """Return every reason why the form cannot be sent now."""
        service = self._ports.service
        if service is None:
            return [NO_ACCOUNT]
        found = state.reasons_of(self.draft, state.problems_of(self.draft))
        if service.is_local:
            found += state.missing_here(self.draft)
        return found + self._standing.reasons()

    # Reasons

    def _first_reason(self) -> str:
        return next(iter(self.why_not()), "")

    def _needs_slot(self) -> str:
        if self._ports.service is None:
            return NO_ACCOUNT
        return "" if slots(self._op) else "This kind of run takes no picture"

    def _needs_chosen(self) -> str:
        if reason := self._needs_slot():
            return reason
        return "" if self._ports.chosen_count() else "Nothing is selected in the library"

    # Drafts

    def _draft_of(self, op: Op) -> RunDraft:
        if op not in self._drafts:
            kept = self._ports.drafts.load(self._draft_name(op))
            self._drafts[op] = RunDraft.from_dict(op, kept)
        return self._drafts[op]

    def _draft_name(self, op: Op) -> str:
        return f"{self._ports.draft_name}:{op}"

    def _keep(self, draft: RunDraft) -> None:
        self._drafts[draft.op] = draft
        self._ports.drafts.save(self._draft_name(draft.op), draft.to_dict())

    def _begin(self, op: Op) -> None:
        self._op = op
        self._touched.clear()
        self._asked_to_send, self._trouble = False, ""
        self._dock.show_kind(op)
        self._page.setAccessibleName(KINDS[op].title)

    def _forget_messages(self) -> None:
        self._touched.clear()
        self._told.pop(self._op, None)
        self._asked_to_send, self._trouble = False, ""

    def _fill(self, items: Sequence[Item]) -> None:
        """Put items where this kind takes pictures to work on."""
        main = KINDS[self._op].main
        good = [item for item in items if not state.refusal(item)]
        if not main or not good:
            return
        is_prediction = len(good) == 1 and good[0].is_prediction
        if self._op is Op.VIDEO and is_prediction:
            one = good[0]
            self._named[one.id] = KnownEntry(one.id, one.name)
            self._keep(
                replace(
                    self.draft,
                    values={**self.draft.values, "prediction_id": one.id},
                    slots={**self.draft.slots, main: (PictureRef.of(one),)},
                )
            )
        else:
            values = {n: v for n, v in self.draft.values.items() if n != "prediction_id"}
            refs = tuple(PictureRef.of(item) for item in good)
            self._keep(replace(self.draft, values=values).with_slot(main, refs))
        for item in good:
            self.loader.take(item)

    # Edits

    def _on_edited(self, name: str) -> None:
        self._touched.add(name)
        self._change(self.draft.with_values(self._dock.values()), [name])

    def _set_slot(self, slot: str, refs: Sequence[PictureRef]) -> None:
        self._touched.add(slot)
        self._change(self.draft.with_slot(slot, refs), [slot])
        self._dock.show_draft(self.draft)
        self._show_pictures()

    def _on_added(self, key: str) -> None:
        self.follower.look_at(key)
        self._dock.set_current(self.follower.current)

    def _show_pictures(self) -> None:
        self.slots.show()
        self._dock.set_current(self.follower.current)

    def _change(self, draft: RunDraft, names: Sequence[str]) -> None:
        told = self._told.get(self._op)
        if told is not None:  # what was said of a field is void once that is edited
            left = {n: text for n, text in told.fields.items() if n not in names}
            self._told[self._op] = replace(told, fields=left)
        self._trouble = ""
        self._keep(draft)
        self.follower.set_draft(draft, is_edit=True)
        self._show_errors()
        self._show_footer()

    def _on_size_wanted(self, width: int, height: int) -> None:
        values = {**self.draft.values, "target_width": width, "target_height": height}
        values.pop("aspect_ratio", None)
        self._set_values(values)

    def _on_shape_wanted(self, width: int, height: int) -> None:
        values = {**self.draft.values, "aspect_ratio": round(width / height, 4)}
        values.pop("target_width", None)
        values.pop("target_height", None)
        self._set_values(values)

    def _set_values(self, values: Mapping[str, Any]) -> None:
        self._change(replace(self.draft, values=values), list(values))
        self._dock.show_draft(self.draft)

    # Known ids

    async def _name(self, of: str, known_id: str, name: str) -> None:
        service = self._ports.service
        if service is not None:
            await service.known.note(of, known_id, name, is_used=False)
            self._ports.messages.toast(f"It is called “{name}” here from now on")

    def _show_known(self, _result: object = None) -> None:
        service = self._ports.service
        if service is None:
            return
        kinds = {spec.of for spec in specs(self._op) if spec.of}
        known = {
            of: [KnownEntry(one.id, one.name, one.count) for one in service.known.of(of)]
            for of in kinds
        }
        if _PREDICTION in kinds:
            used = {one.id for one in known[_PREDICTION] if one.name}
            known[_PREDICTION] = [
                *(one for one in self._named.values() if one.id not in used),
                *(one for one in known[_PREDICTION] if one.id not in self._named or one.name),
            ]
        self._dock.show_known(known)

    # Sending

    async def _send(self) -> None:
        service, draft = self._ports.service, self.draft
        if service is None:
            return
        orders = draft.orders()
        title, verb = f"Start “{KINDS[draft.op].title}”?", state.verb_of(draft)
        is_confirmed = await self._standing.may_spend(title, "", verb)
        if is_confirmed is None or draft != self.draft:
            return
        self._trouble = ""
        started: list[str] = []
        mains = draft.mains
        try:
            for number, (request, pictures) in enumerate(orders):
                row = await service.runs.submit(
                    draft.op, request, pictures, is_confirmed=is_confirmed
                )
                started.append(row)
                key = key_of(mains[number]) if mains else ""
                self.follower.follow(draft.op, key, row)
        finally:
            self._after_sending(draft, started)
        fields = MODELS[draft.op].model_fields
        await service.known.note_all(used_ids(fields, orders[0][0].only_changed()))
        self._show_known()

    def _after_sending(self, draft: RunDraft, started: Sequence[str]) -> None:
        """Tell what was started. Where it ended in the middle, only the rest stays in the form."""
        if not started:
            return
        title = KINDS[draft.op].title
        words = (
            f"{title} started" if len(started) == 1 else f"{counted(len(started), 'run')} started"
        )
        self._ports.messages.toast(words)
        self.jobs_started.emit(list(started))
        self._asked_to_send = False
        if len(started) < draft.count:
            rest = draft.mains[len(started) :]
            self._keep(draft.with_slot(KINDS[draft.op].main, rest))
            self._dock.show_draft(self.draft)
        self.follower.set_draft(self.draft)

    def _on_send_failed(self, error: object) -> None:
        self._ports.messages.report(error)
        self._trouble = sentence(error)
        self._show_footer()

    # News

    def _on_library_changed(self, change: Any) -> None:
        self.loader.look_again(change.keys)

    def _on_jobs_changed(self, _change: object = None) -> None:
        if self.follower.row_id:
            self._note_refused(self.follower.row_id)
        self._show_footer()

    def _note_refused(self, row_id: str) -> None:
        """Write what the service said of single fields under them, once per run."""
        service = self._ports.service
        view = service.jobs.view(row_id) if service is not None else None
        if service is None or view is None or view.state is not JobState.FAILED:
            return
        said = service.runs.refused_fields(row_id)
        if said and view.kind == self._op and row_id not in self._seen:
            self._seen.add(row_id)
            self._told[self._op] = state.fields_told(said, self._op)
            self._show_errors()
            self._dock.form.focus_first_error()

    def _on_reach_changed(self, _status: object) -> None:
        self._show_reach()
        self._show_footer()

    # Showing

    def _show_missing(self) -> None:
        if self._ports.trouble:
            title, text, action = (
                "Sartiq could not be opened", self._ports.trouble, "Connection…",
            )  # fmt: skip
        else:
            title, action = "No Sartiq account here", "Connect Sartiq…"
            text = (
                "Pictures and videos are made by Sartiq. Add its address and your account to "
                "this workspace."
            )
        self._dock.title.setEnabled(False)
        self._page.show_head("New with Sartiq", None)
        self._page.show_views([(View.PICTURE, "Picture")], View.PICTURE)
        self._page.outside.hide()
        self._page.save.hide()
        self._page.show_empty("cloud-off", title, text, action, Action.CONNECT)
        self._dock.show_footer(Footer(verb="Start", reasons=(title,)))

    def _show(self) -> None:
        """Show all of the kind that is open."""
        service = self._ports.service
        if service is None:
            return
        self._dock.show_note(state.note_of(self._op, is_local=service.is_local))
        self._dock.show_unused(UNUSED_HERE.get(self._op, ()) if service.is_local else ())
        self._show_known()
        self._dock.show_draft(self.draft)
        self.follower.set_draft(self.draft)
        self._show_pictures()
        self._show_errors()
        self._show_reach()
        self._show_footer()

    def _show_errors(self) -> None:
        """Write errors under fields: those that were edited, or all once sending was tried."""
        wrong = state.problems_of(self.draft).fields
        if not self._asked_to_send:
            wrong = {name: text for name, text in wrong.items() if name in self._touched}
        told = self._told.get(self._op, Problems())
        self._dock.show_messages({**told.fields, **wrong})

    def _show_reach(self) -> None:
        trouble = self._standing.trouble
        text = f"{trouble} What was sent goes on there; new runs wait." if trouble else ""
        self._dock.show_banner(text, Tone.WARNING)

    def _show_footer(self) -> None:
        service = self._ports.service
        if service is None:
            return
        told = self._told.get(self._op, Problems())
        trouble = [self._trouble, *told.general]
        self._dock.show_footer(
            Footer(
                verb=state.verb_of(self.draft),
                price=self._standing.price_text,
                usual=state.usual_time(service.jobs.rows, self._op),
                reasons=tuple(self.why_not()),
                error=" ".join(text for text in trouble if text),
                is_sending=self.sending.is_busy,
                is_refused=self._standing.is_refused,
                needs_login=self._standing.needs_login,
                is_offline=self._standing.is_offline,
            )
        )
