"""What is said around a deletion: before one that is final, and after one that was refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QWidget

from scenario_desktop.services.words import counted, one_line
from scenario_desktop.ui import dialogs
from scenario_desktop.ui.notices import Reports
from scenario_desktop.ui.widgets.buttons import ButtonKind

if TYPE_CHECKING:
    from scenario_desktop.services.deleting import DeleteOutcome, DeletePlan, Deleting
    from scenario_desktop.services.sartiq.deletion import FailedDelete, WholeGeneration

#: Items that stay and are named one by one.
MOST_NAMED: Final = 8


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
        outcome = await deleting.run(plan)
        text = told(plan, outcome)
        if text and plan.assets:
            self._notices.toast(text, undo)
        elif text:
            self._notices.toast(text)
        if outcome.failed:
            await self._tell_failed(deleting, outcome.failed)
        return True

    async def _is_sure(self, plan: DeletePlan) -> bool:
        whole = plan.whole_generations
        is_one = len(whole) == 1 and not (plan.predictions or plan.refines or plan.assets)
        count = sum(len(one.predictions) for one in whole)
        count += len(plan.predictions) + len(plan.refines)
        what = "the generation" if is_one else counted(count, "item")
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
        dialog = dialogs.Dialog(self._window, title)
        for one in failed[:MOST_NAMED]:
            reason = f"{one.error.message} {one.error.hint}".strip()
            name = one_line(one.item.name, 60)
            dialog.add_text(reason if f"“{name}”" in reason else f"“{name}”: {reason}")
        if len(failed) > MOST_NAMED:
            dialog.add_text(f"And {len(failed) - MOST_NAMED:,} more.")
        whole = failed[0].generation if len(failed) == 1 else None
        close = dialog.add_action("Close", dialogs.REJECTED)
        if whole is not None:
            dialog.add_text(_offer(whole))
            dialog.add_action("Delete generation", dialogs.ACCEPTED, ButtonKind.DANGER)
        dialog.set_first_focus(close)
        if await dialogs.ask(dialog) == dialogs.ACCEPTED and whole is not None:
            await deleting.delete_generation(whole.id)
            self._notices.toast(f"Deleted the generation “{one_line(whole.name, 60)}”")


def told(plan: DeletePlan, outcome: DeleteOutcome) -> str:
    """Return what has happened, for a toast; empty when nothing has."""
    moved = len(plan.assets)
    name = f"“{one_line(plan.assets[0].name, 60)}”" if moved == 1 else counted(moved, "item")
    if not outcome.deleted:
        return f"Moved {name} to the trash" if moved else ""
    deleted = f"Deleted {counted(outcome.deleted, 'item')}"
    return f"{deleted}, moved {name} to the trash" if moved else deleted


def _offer(whole: WholeGeneration) -> str:
    count = counted(len(whole.predictions), "prediction")
    return f"Its generation “{whole.name}” can go as a whole, with its {count}. That is final."
