"""Talks with the user about the lock: one question at a time, each only while it still matters."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject

from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.panels.canvas import words
from scenario_desktop.ui.panels.canvas.history.snapshots import Snapshots
from scenario_desktop.ui.panels.canvas.lease import lease_words
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import (
    Answer,
    LeaseDialog,
    Question,
    TakeOverDialog,
)
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.widgets.buttons import ButtonKind

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.lease import Lease
    from scenario_desktop.services.canvas.session import CanvasSession

NO_BLOBS: Mapping[str, bytes] = {}
#: Reasons of a loss that are asked about; a lease that only ran out is taken again by itself.
_TOLD = frozenset({"forced", "forgotten", "deleted", "idle"})


class Shown(Protocol):
    """What the questions need of the canvas on the screen."""

    @property
    def name(self) -> str: ...

    def strokes(self) -> int:
        """Return how many steps are not saved."""
        ...

    def stillness(self) -> AbstractContextManager[None]:
        """Let nothing be drawn while what is on the screen is about to be replaced."""
        ...

    async def until_shown(self) -> None:
        """Wait until the screen shows what it should: a question is about what can be seen."""
        ...

    async def show_text(self, text: str, blobs: Mapping[str, bytes] = ...) -> None: ...

    async def save_now(self) -> None: ...

    async def save_copy(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Wish:
    """A question that is to be asked.

    Attributes:
        matters: whether it still has to be; the dialog is closed when it has not.
    """

    kind: str
    ask: Callable[[CanvasSession], Awaitable[None]]
    matters: Callable[[CanvasSession], bool]


class LeaseTalk(QObject):
    """Asks what the session leaves to the user, and does what is answered.

    Attributes:
        asking: shows the questions, one after the other.
        acting: does what the lock bar offers.
        copying: makes a canvas of the draft that is kept.
        going_on: shows that draft again.
    """

    def __init__(
        self, page: CanvasPage, shown: Shown, snapshots: Snapshots, ports: CanvasPorts,
        *, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._page, self._shown, self._snapshots, self._ports = page, shown, snapshots, ports
        self._session: CanvasSession | None = None
        self._wishes: list[_Wish] = []
        self._current: _Wish | None = None
        self._dialog: Dialog | None = None
        self._was_lost = self._was_changed = False
        self._is_copying = False
        self.asking = AsyncAction(self._ask_all, parent=self)
        self.acting = AsyncAction(self._act, parent=self)
        self.copying = AsyncAction(self._copy_kept, parent=self)
        self.going_on = AsyncAction(self._go_on_with_kept, parent=self)
        for action in (self.asking, self.acting, self.copying, self.going_on):
            action.failed.connect(ports.messages.report)
        self.asking.failed.connect(self._on_failed)

    def bind(self, session: CanvasSession | None) -> None:
        """Talk about another canvas, or about none; its signals are disconnected by others."""
        self._session = session
        self._wishes.clear()
        self._was_lost = self._was_changed = self._is_copying = False
        self._close_dialog()
        if session is None:
            return
        session.lease_changed.connect(self._on_lease_changed)
        session.set_aside.connect(self._on_set_aside)
        session.idle_asked.connect(self._on_idle_asked)
        session.became_free.connect(self._on_became_free)
        self._on_lease_changed(session.lease)

    def ask_versions(self) -> None:
        """Show somebody else's version beside the own one, and ask which is to stay."""
        self._wish("versions", self._ask_versions, lambda s: s.lease.is_changed)

    def ask_lost(self) -> None:
        """Ask what is to become of strokes whose lock is gone."""
        self._wish("lost", self._ask_lost, _is_lost)

    # What the session tells

    def _on_lease_changed(self, lease: Lease) -> None:
        session = self._session
        if session is None:
            return
        current = self._current
        if current is not None and self._dialog is not None and not current.matters(session):
            self._close_dialog()
            if current.kind == "idle" and not lease.is_ours:
                self._ports.messages.toast(f"The lock of “{self._shown.name}” was given back")
        reason = lease.lost.value if lease.lost else ""
        is_lost = lease.phase.value == "lost" and reason in _TOLD and session.is_unsaved
        if is_lost and not self._was_lost and not self._is_copying:
            self.ask_lost()
        if lease.is_changed and not self._was_changed:
            self.ask_versions()
        self._was_lost, self._was_changed = is_lost, lease.is_changed

    def _on_set_aside(self, draft_id: str) -> None:
        session = self._session
        if session is None or session.lease.phase.value != "refused":
            return  # put aside on the user's own wish
        strokes = self._shown.strokes()

        async def ask(session: CanvasSession) -> None:
            await self._ask_refused(session, draft_id, strokes)

        self._wish("refused", ask, lambda s: True)

    def _on_idle_asked(self) -> None:
        self._wish("idle", self._ask_idle, lambda s: s.lease.is_ours and s.lease.is_idle_asked)

    def _on_became_free(self, draft_id: str | None) -> None:
        session = self._session
        if session is None:
            return
        if draft_id is None and not session.is_unsaved:
            self._ports.messages.toast(f"“{self._shown.name}” is free now")
            return
        self._offer(draft_id or "")

    def _offer(self, draft_id: str) -> None:
        async def ask(session: CanvasSession) -> None:
            await self._ask_free(session, draft_id)

        self._wish("free", ask, lambda s: s.lease.until is None and not s.lease.is_ours)

    # One question at a time

    def _wish(
        self, kind: str, ask: Callable[[CanvasSession], Awaitable[None]],
        matters: Callable[[CanvasSession], bool],
    ) -> None:  # fmt: skip
        known = {wish.kind for wish in self._wishes}
        if kind in known or (self._current is not None and self._current.kind == kind):
            return
        self._wishes.append(_Wish(kind, ask, matters))
        self.asking.trigger()

    async def _ask_all(self) -> None:
        while self._wishes and self._session is not None:
            session = self._session
            self._current = self._wishes.pop(0)
            try:
                await self._shown.until_shown()
                if self._current.matters(session):
                    await self._current.ask(session)
            finally:
                self._current = self._dialog = None

    def _on_failed(self, _error: object) -> None:
        if self._wishes:
            self.asking.trigger()

    async def _answer(self, dialog: Dialog) -> int:
        self._dialog = dialog
        try:
            return await dialogs.ask(dialog)
        finally:
            self._dialog = None

    async def _choose(self, question: Question) -> int:
        is_typing = self._page.stage.was_typed_into
        return await self._answer(LeaseDialog(self._page, question, is_amid_words=is_typing))

    def _close_dialog(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.reject()

    # The questions

    async def _ask_refused(self, session: CanvasSession, draft_id: str, strokes: int) -> None:
        await self._shown.show_text(session.text)
        now = session.now().server
        answer = await self._choose(lease_words.refused(session.lease, strokes, now))
        if answer == Answer.WAIT:
            self._wait(session)
        elif answer == Answer.COPY:
            await self._copy_draft(session, draft_id)
        elif answer == Answer.TAKE and await self._take_over(session):
            await self._go_on(session, draft_id)

    async def _ask_lost(self, session: CanvasSession) -> None:
        now = session.now().server
        answer = await self._choose(lease_words.lost(session.lease, self._shown.strokes(), now))
        if answer == Answer.WAIT:
            self._wait(session)
        elif answer == Answer.AGAIN:
            await self._take_again(session)
        elif answer == Answer.COPY:
            await self._shown.save_copy()
        elif answer == Answer.DISCARD:
            await self._discard(session)
        elif answer == Answer.TAKE:
            await self._take_over(session)

    async def _ask_idle(self, session: CanvasSession) -> None:
        times = session.times.lease
        question = lease_words.idle(
            self._shown.name, times.idle_s, times.idle_answer_s, is_unsaved=session.is_unsaved
        )
        answer = await self._choose(question)
        if answer == Answer.GIVE:
            await self._give_back(session, is_saved_first=True)
        else:
            session.stay()

    async def _ask_free(self, session: CanvasSession, draft_id: str) -> None:
        are_here = session.is_unsaved
        answer = await self._choose(lease_words.free(self._shown.name, are_here))
        if answer == Answer.AGAIN and are_here:
            await self._take_again(session)
        elif answer == Answer.AGAIN:
            await self._go_on(session, draft_id)

    async def _ask_versions(self, session: CanvasSession) -> None:
        if await self._snapshots.decide() == Answer.COPY:
            await self._shown.save_copy()

    # What is done

    async def _act(self) -> None:
        """Do the one thing that the lock bar offers."""
        session = self._session
        if session is None:
            return
        action = self._page.lock_bar.state.action
        if action == words.RELEASE:
            await self._release(session)
        elif action == words.DECIDE and session.lease.is_changed:
            self.ask_versions()
        elif action == words.DECIDE:
            self.ask_lost()
        elif action in (words.TAKE_AGAIN, words.TRY_AGAIN, words.LOCK):
            await self._take_again(session)
        elif action == words.USE_DRAFT:
            await self._go_on(session, session.kept_id)
        elif action == words.CHECK_AGAIN:
            await self._check_again(session)

    async def _check_again(self, session: CanvasSession) -> None:
        until = await session.look_again()
        if session.lease.is_ours:
            held = f" until {words.clock_time(until)}" if until else ""
            self._ports.messages.toast(f"Online again: you hold “{self._shown.name}”{held}")
        elif until is not None:
            self._ports.messages.toast(f"It is still locked, until {words.clock_time(until)}")
        elif session.kept_id:
            self._offer(session.kept_id)
        else:
            self._ports.messages.toast(f"“{self._shown.name}” is free: your first edit locks it")

    async def _take_again(self, session: CanvasSession) -> None:
        await session.take_again()
        # Asked anew even if this came of that very question: now it is known who has it.
        if _is_lost(session) and all(wish.kind != "lost" for wish in self._wishes):
            self._wishes.append(_Wish("lost", self._ask_lost, _is_lost))
            self.asking.trigger()

    async def _release(self, session: CanvasSession) -> None:
        if session.is_unsaved:
            question = lease_words.release(self._shown.name, self._shown.strokes())
            answer = await self._answer(LeaseDialog(self._page, question))
            if answer not in (Answer.SAVE, Answer.GIVE):
                return
            await self._give_back(session, is_saved_first=answer == Answer.SAVE)
        else:
            await self._give_back(session, is_saved_first=False)

    async def _give_back(self, session: CanvasSession, *, is_saved_first: bool) -> None:
        if is_saved_first and session.is_unsaved:
            await self._shown.save_now()
        with self._shown.stillness():
            had_strokes = session.is_unsaved
            await session.release()
            if had_strokes:
                await self._shown.show_text(session.text)
        if had_strokes:
            self._ports.messages.toast("Your strokes are kept in a draft on this computer")

    async def _go_on(self, session: CanvasSession, draft_id: str) -> None:
        """Show the strokes again that were put aside."""
        with self._shown.stillness():
            draft = await session.resume(draft_id)
            if draft is None:
                await self._shown.show_text(session.text)
            else:
                await self._shown.show_text(draft.text, draft.blobs)

    async def _copy_draft(self, session: CanvasSession, draft_id: str) -> None:
        self._is_copying = True
        try:
            await self._go_on(session, draft_id)
            await self._shown.save_copy()
        finally:
            self._is_copying = False

    async def _copy_kept(self) -> None:
        session = self._session
        if session is not None and session.kept_id:
            await self._copy_draft(session, session.kept_id)

    async def _go_on_with_kept(self) -> None:
        session = self._session
        if session is not None and session.kept_id:
            await self._go_on(session, session.kept_id)

    async def _discard(self, session: CanvasSession) -> None:
        title, text = lease_words.discard(self._shown.name, self._shown.strokes())
        dialog = Dialog(self._page, title)
        dialog.add_text(text)
        no = dialog.add_action("Cancel", dialogs.REJECTED)
        dialog.add_action("Discard", dialogs.ACCEPTED, ButtonKind.DANGER)
        dialog.set_first_focus(no)
        if await self._answer(dialog) != dialogs.ACCEPTED:
            return
        with self._shown.stillness():
            await session.discard()
            await self._shown.show_text(session.text)

    async def _take_over(self, session: CanvasSession) -> bool:
        title, paragraphs = lease_words.take_over(self._shown.name, session.lease.until)
        if await self._answer(TakeOverDialog(self._page, title, paragraphs)) != dialogs.ACCEPTED:
            return False
        await session.take_over()
        if not session.lease.is_ours:
            self._ports.messages.toast(f"“{self._shown.name}” could not be locked")
            return False
        self._ports.messages.toast(f"You hold “{self._shown.name}” now")
        self._snapshots.refresh()
        return True

    def _wait(self, session: CanvasSession) -> None:
        session.wait_until_free(True)
        self._ports.messages.toast("You are told when the canvas is free")


def _is_lost(session: CanvasSession) -> bool:
    return session.lease.phase.value == "lost" and session.is_unsaved
