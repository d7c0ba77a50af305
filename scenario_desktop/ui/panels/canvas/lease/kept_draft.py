"""The draft with strokes that left the screen: shown in the dock, copied, compared, discarded."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from scenario_desktop.canvas.history import Step
from scenario_desktop.errors import AppError
from scenario_desktop.services.words import counted
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.actions import AsyncAction, Overlap
from scenario_desktop.ui.dialogs import ACCEPTED, Dialog
from scenario_desktop.ui.panels.canvas import words
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.history.history_list import is_stroke
from scenario_desktop.ui.panels.canvas.history.snapshots import Snapshots
from scenario_desktop.ui.panels.canvas.lease.lease_talk import LeaseTalk
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.widgets.buttons import ButtonKind

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.content import Drawn, Editor, Stored
    from scenario_desktop.services.canvas.drafts import Recovery
    from scenario_desktop.services.canvas.session import CanvasSession

#: Why a draft lies there, for its tip and the list of drafts.
WHY = {
    "open": "Kept when the program ended",
    "refused": "Drawn while somebody else held the canvas",
    "closed": "Closed without saving",
    "replaced": "Put aside for another version",
    "theirs": "Somebody else's version",
    "late": "Saved, but an older save arrived after it",
}
_UNSAID = "Unsaved strokes"


def done_words(steps: Sequence[Step]) -> str:
    """Return what was done, in a few words: "3 strokes on Clouds", "5 steps, last Move Rocket"."""
    if len(steps) < 2:
        return steps[0].name if steps else ""
    if not all(is_stroke(step) for step in steps):
        return f"{counted(len(steps), 'step')}, last {steps[-1].name}"
    layers = {step.subject.partition(":")[2] for step in steps}
    place = steps[-1].name.partition(" on ")[2] if len(layers) == 1 else f"{len(layers)} layers"
    return f"{counted(len(steps), 'stroke')} on {place}"


class Described:
    """Hands what is on the screen to the session, with words for what was done."""

    def __init__(self, editor: Editor, what: Callable[[], str]) -> None:
        """
        Args:
            what: called at once, when the state of the screen is taken.
        """
        self._editor, self._what = editor, what

    async def draft(self) -> Drawn:
        what = self._what()
        return replace(await self._editor.draft(), what=what)

    async def stored(self) -> Stored:
        return await self._editor.stored()

    async def until_rest(self) -> None:
        await self._editor.until_rest()


class KeptDraft(QObject):
    """Fills the dock's section "Your draft".

    Attributes:
        actions: the running ones by name; tests wait for them.
    """

    def __init__(
        self, dock: CanvasDock, snapshots: Snapshots, talk: LeaseTalk, ports: CanvasPorts,
        *, parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._dock, self._snapshots, self._talk, self._ports = dock, snapshots, talk, ports
        self._session: CanvasSession | None = None
        self._shown_id = ""
        self.actions: dict[str, AsyncAction] = {}
        for name, function in (
            ("look", self._look), ("compare", self._compare), ("discard", self._discard),
        ):  # fmt: skip
            self.actions[f"draft_{name}"] = self._action(function, is_newest=name == "look")
        card = dock.draft
        card.copy_requested.connect(talk.copying.trigger)
        card.compare_requested.connect(self.actions["draft_compare"].trigger)
        card.discard_requested.connect(self.actions["draft_discard"].trigger)
        talk.copying.busy_changed.connect(card.set_busy)

    def _action(
        self, function: Callable[[], Coroutine[Any, Any, None]], *, is_newest: bool
    ) -> AsyncAction:
        overlap = Overlap.RESTART if is_newest else Overlap.IGNORE
        action = AsyncAction(function, parent=self, overlap=overlap)
        action.failed.connect(self._ports.messages.report)
        return action

    def bind(self, session: CanvasSession | None) -> None:
        """Show the draft of another canvas, or of none."""
        self._session = session
        self._shown_id = ""
        self.actions["draft_look"].cancel()
        self._dock.show_draft(False)
        self.check()

    def check(self) -> None:
        """See whether there is another draft now; costs nothing when there is not."""
        kept_id = self._session.kept_id if self._session is not None else ""
        if kept_id == self._shown_id:
            return
        self._shown_id = kept_id
        if kept_id:
            self.actions["draft_look"].trigger()
        else:
            self.actions["draft_look"].cancel()
            self._dock.show_draft(False)

    async def _look(self) -> None:
        kept_id = self._shown_id
        found = await self._ports.canvases.kept(kept_id)
        if kept_id == self._shown_id:
            self._show(found)

    def _show(self, found: Recovery | None) -> None:
        if found is None:
            self._dock.show_draft(False)
            return
        kept = words.clock_time(found.kept_at)
        local = found.kept_at.astimezone()
        tip = f"{WHY[found.why.value]}\n{local.day} {local:%b %Y, %H:%M:%S %Z}"
        note = f"Kept on this computer, {kept}"
        self._dock.draft.set_draft(found.what or _UNSAID, note, tip, found.thumbnail)
        self._dock.show_draft(True)

    async def _compare(self) -> None:
        session, draft_id = self._session, self._shown_id
        if session is None or not draft_id:
            return
        draft = await self._ports.canvases.draft(draft_id)
        may_go_on = session.lease.is_ours or session.lease.until is None
        is_wanted = await self._snapshots.compare_text(
            "Your draft and now", "Your draft", draft.text, draft.blobs,
            "Go on with it" if may_go_on else "",
        )  # fmt: skip
        if is_wanted and session is self._session:
            self._talk.going_on.trigger()

    async def _discard(self) -> None:
        session, draft_id = self._session, self._shown_id
        if session is None or not draft_id:
            return
        dialog = Dialog(self._dock, "Discard your draft?")
        what = self._dock.draft.title.text()
        dialog.add_text(
            f"{what}: deleted from this computer. The canvas stays as it is. This cannot be undone."
        )
        no = dialog.add_action("Cancel", dialogs.REJECTED)
        dialog.add_action("Discard", ACCEPTED, ButtonKind.DANGER)
        dialog.set_first_focus(no)
        if await dialogs.ask(dialog) != ACCEPTED or session is not self._session:
            return
        try:
            await self._ports.canvases.discard(draft_id)
        except AppError:
            self._shown_id = ""  # it is there still
            self.check()
            raise
        self.check()
        self._ports.messages.toast("The draft was discarded")
