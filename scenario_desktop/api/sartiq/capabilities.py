"""What a server offers of the operations that are announced, but not described.

Each is tried once: an answer proves it, 404 or 405 disproves it. What was learnt is the caller's to
keep, per server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum


class Operation(StrEnum):
    """Operations that only the overview of the reference names."""

    CANCEL_GENERATION = "cancel_generation"
    SELECT_PREDICTION = "select_prediction"
    LIST_REFINE_TASKS = "list_refine_tasks"
    CREATE_REFINE_TASK = "create_refine_task"
    GET_REFINE_TASK = "get_refine_task"
    LIST_TRAININGS = "list_trainings"
    START_TRAINING = "start_training"
    GET_TRAINING = "get_training"
    CANCEL_TRAINING = "cancel_training"


class Capabilities:
    """Which of them one server has.

    Attributes:
        on_change: called after something was learnt; keep ``known`` then.
    """

    def __init__(
        self,
        known: Mapping[str, bool] | None = None,
        *,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        """Begin with what was kept; names that mean nothing here are dropped."""
        words = {str(operation) for operation in Operation}
        self._known = {
            Operation(name): bool(is_offered)
            for name, is_offered in (known or {}).items()
            if name in words
        }
        self.on_change = on_change

    @property
    def known(self) -> dict[str, bool]:
        """What was learnt so far, to be kept."""
        return {str(operation): is_offered for operation, is_offered in self._known.items()}

    def offers(self, operation: Operation) -> bool | None:
        """Whether the server has it; None before it was tried."""
        return self._known.get(operation)

    def may(self, operation: Operation) -> bool:
        """Whether a button for it makes sense: it is there, or was not tried yet."""
        return self._known.get(operation) is not False

    def note(self, operation: Operation, is_offered: bool) -> None:
        """Remember what a try has shown."""
        if self._known.get(operation) is not is_offered:
            self._known[operation] = is_offered
            if self.on_change is not None:
                self.on_change()
