"""The user's own limit on spending, asked in one place before anything billed is sent."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from scenario_desktop.services.words import units


class Verdict(StrEnum):
    """What may happen with a billed request."""

    ALLOW = "allow"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reason; both numbers stand in the text."""

    verdict: Verdict
    text: str = ""


class Limits(Protocol):
    """The spending part of the settings: mode is "allow", "ask_above" or "never"."""

    @property
    def mode(self) -> str: ...
    @property
    def ask_above(self) -> Decimal: ...


class _Settings(Protocol):
    @property
    def spending(self) -> Limits: ...


class HasSettings(Protocol):
    """Where the settings of this moment are read from."""

    @property
    def settings(self) -> _Settings: ...


class SpendingGuard:
    """Holds a price against the limit in the settings."""

    def __init__(self, settings: HasSettings) -> None:
        self._settings = settings

    def decide(self, total: Decimal | None) -> Decision:
        """Decide about a total in Creative Units; None means that the service gave no price.

        What costs nothing is always allowed. Without a price, "ask above" asks: it may be above.
        """
        limits = self._settings.settings.spending
        if total == 0:
            return Decision(Verdict.ALLOW)
        cost = "This has no price" if total is None else f"This costs {units(total)}"
        if limits.mode == "never":
            return Decision(
                Verdict.REFUSE, f"{cost}, and spending is switched off in the settings."
            )
        if limits.mode != "ask_above":
            return Decision(Verdict.ALLOW)
        if total is None or total > limits.ask_above:
            return Decision(
                Verdict.ASK, f"{cost}. You want to be asked above {units(limits.ask_above)}."
            )
        return Decision(Verdict.ALLOW)
