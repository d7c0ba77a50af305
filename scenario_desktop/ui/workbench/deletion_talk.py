"""What is said around a deletion: before one that is final, and after one that was refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from scenario_desktop.services.words import counted, one_line
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.widgets.buttons import ButtonKind
from scenario_desktop.ui.widgets.progress import ProgressBar

if TYPE_CHECKING:
    from scenario_desktop.services.deleting import DeleteOutcome, DeletePlan, Deleting
    from scenario_desktop.services.sartiq.deletion import FailedDelete, WholeGeneration

#: Items that stay and are named one by one.
MOST_NAMED: Final = 40
#: More than this take several requests: how far it is is shown, and it can be stopped.
WATCHED_ABOVE: Final = 100
_LIST_WIDTH: Final = 640


class DeletionTalk:
    """Deletes items of either service, asking where that is final."""

    def __init__(self, window: QWidget, notices: Reports) -> None:
        self._window, self._notices = window, notices

    async def delete(
        self, deleting: Deleting, keys: Sequence[int], undo: Callable[[], object]
    ) -> bool:
        """Delete items; False when the user would rather not.

        Args:
            undo: brings back what went to the trash.

        Raises:
            AppError: a server could not be reached or has refused.
        """
        return await self.carry_out(deleting, await deleting.plan(keys), undo)

    async def delete_generation(self, deleting: Deleting, generation_id: str) -> bool:
        """Delete a generation with everything in it, after asking."""
        plan = await deleting.plan_generation(generation_id)
        return await self.carry_out(deleting, plan, lambda: None)

    async def carry_out(
        self, deleting: Deleting, plan: DeletePlan, undo: Callable[[], object]
    ) -> bool:
        """Do what a plan says, after asking where it is final."""
        if plan.is_final and not await self._is_sure(plan):
            return False
        outcome = await self._run(deleting, plan)
        text = told(plan, outcome)
        if text and plan.assets:
            self._notices.toast(text, undo)
        elif text:
            self._notices.toast(text)
        if outcome.failed:
            await self._tell_failed(deleting, outcome.failed)
        return True

    async def _run(self, deleting: Deleting, plan: DeletePlan) -> DeleteOutcome:
        if plan.final_count <= WATCHED_ABOVE:
            return await deleting.run(plan)
        watch = _Watch(self._window, plan.final_count)
        watch.open()
        try:
            return await deleting.run(plan, on_progress=watch.on_progress)
        finally:
            watch.close()

    async def _is_sure(self, plan: DeletePlan) -> bool:
        whole = plan.whole_generations
        is_one = len(whole) == 1 and not (plan.predictions or plan.refines or plan.assets)
        count = sum(len(one.predictions) for one in whole)
        count += len(plan.predictions) + len(plan.refines)
        least = "at least " if whole and not plan.is_told else ""
        what = "the generation" if is_one else f"{least}{counted(count, 'item')}"
        return await dialogs.confirm(
            self._window,
            f"Delete {what} for good?",
            " ".join(plan.sentences),
            "Delete generation" if is_one else "Delete",
            is_danger=True,
        )

    async def _tell_failed(self, deleting: Deleting, failed: Sequence[FailedDelete]) -> None:
        """Say of each why it stays; a single one may take its generation along instead."""
        title = f"{counted(len(failed), 'item')} could not be deleted"
        dialog = dialogs.Dialog(self._window, title, width=_LIST_WIDTH)
        for one in failed[:MOST_NAMED]:
            reason = f"{one.error.message} {one.error.hint}".strip()
            name = one_line(one.item.name, 60)
            dialog.add_text(reason if f"“{name}”" in reason else f"“{name}”: {reason}")
        if len(failed) > MOST_NAMED:
            dialog.add_text(f"And {len(failed) - MOST_NAMED:,} more.")
        found = {one.generation.id: one.generation for one in failed if one.generation is not None}
        whole = list(found.values())
        close = dialog.add_action("Close", dialogs.REJECTED)
        if whole:
            dialog.add_text(_offer(whole))
            what = "generation" if len(whole) == 1 else counted(len(whole), "generation")
            dialog.add_action(f"Delete {what}", dialogs.ACCEPTED, ButtonKind.DANGER)
        dialog.set_first_focus(close)
        if await dialogs.ask(dialog) == dialogs.ACCEPTED:
            for one_whole in whole:
                await deleting.delete_generation(one_whole.id)
            name = f"the generation “{one_line(whole[0].name, 60)}”"
            gone = name if len(whole) == 1 else counted(len(whole), "generation")
            self._notices.toast(f"Deleted {gone}")


class _Watch:
    """Shows how far a long deletion is, with a way to end it between two requests."""

    def __init__(self, window: QWidget, total: int) -> None:
        self._dialog = dialogs.Dialog(window, "Deleting for good")
        self._words = self._dialog.add_text("")
        self._bar = ProgressBar(name="How far the deletion is")
        self._dialog.body.addWidget(self._bar)
        self._dialog.add_text("What is deleted already cannot be brought back.", "text_3")
        self._dialog.add_action("Stop", dialogs.REJECTED)
        self._dialog.finished.connect(self._on_finished)
        self._is_going = True
        self._is_open = False
        self.on_progress(0, total)

    def open(self) -> None:
        self._is_open = True
        self._dialog.open()

    def close(self) -> None:
        if self._is_open:
            self._dialog.accept()

    def on_progress(self, done: int, total: int) -> bool:
        if self._is_going:
            self._words.setText(f"{done:,} of {counted(total, 'item')} are done.")
            self._bar.set_fraction(done / total if total else None)
        return self._is_going

    def _on_finished(self, _code: int) -> None:
        self._is_going = self._is_open = False


def told(plan: DeletePlan, outcome: DeleteOutcome) -> str:
    """Return what has happened, for a toast; empty when nothing has."""
    moved = len(plan.assets)
    name = f"“{one_line(plan.assets[0].name, 60)}”" if moved == 1 else counted(moved, "item")
    left = f", {outcome.left:,} left" if outcome.left else ""
    if not outcome.deleted:
        stopped = "Nothing was deleted" if outcome.left else ""
        return f"Moved {name} to the trash" if moved else stopped
    deleted = f"Deleted {counted(outcome.deleted, 'item')}{left}"
    return f"{deleted}, moved {name} to the trash" if moved else deleted


def _offer(whole: Sequence[WholeGeneration]) -> str:
    count = counted(sum(len(one.predictions) for one in whole), "prediction")
    if len(whole) == 1:
        name = whole[0].name
        return f"Its generation “{name}” can go as a whole, with its {count}. That is final."
    return f"{len(whole):,} generations can go as a whole, with their {count}. That is final."
