"""What stands between a form and Sartiq: that it is not to be had, and the spending limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from PySide6.QtWidgets import QWidget

from scenario_desktop.services.spending import Verdict
from scenario_desktop.ui.dialogs import confirm
from scenario_desktop.ui.panels.request.ports import Guard, Reach


class Service(Protocol):
    """The half of a workspace that something is sent to.

    Attributes:
        is_local: this computer's own engine: nothing is billed.
    """

    @property
    def reach(self) -> Reach: ...
    @property
    def is_local(self) -> bool: ...


class Standing:
    """Tells what stands in the way of sending, whatever the form says, and asks where it may.

    Args:
        service: None where the workspace has no such half.
        near: in whose window to ask.
    """

    def __init__(self, service: Service | None, guard: Guard, near: QWidget) -> None:
        self._service, self._guard, self._near = service, guard, near

    @property
    def is_offline(self) -> bool:
        return self._reach == "offline"

    @property
    def needs_login(self) -> bool:
        return self._reach == "unauthorised"

    @property
    def is_refused(self) -> bool:
        """Whether the user's own limit forbids it."""
        return self._guard.decide(self._price).verdict is Verdict.REFUSE

    @property
    def price_text(self) -> str:
        is_free = self._service is not None and self._service.is_local
        return "Free on this computer" if is_free else "Sartiq gives none in advance"

    @property
    def trouble(self) -> str:
        """Why the service is not to be had now; empty where it is."""
        if self.is_offline:
            return "Sartiq cannot be reached now."
        return "Sartiq refuses the login." if self.needs_login else ""

    def reasons(self) -> list[str]:
        """Return every reason why nothing can be sent now."""
        found = [self.trouble] if self.trouble else []
        decision = self._guard.decide(self._price)
        if decision.verdict is Verdict.REFUSE:
            found.append(decision.text)
        return found

    async def may_spend(self, title: str, text: str, primary: str) -> bool | None:
        """Ask where the spending limit wants that; None: it is not to be sent.

        Args:
            text: a sentence on what would be sent, or nothing.
        """
        decision = self._guard.decide(self._price)
        if decision.verdict is not Verdict.ASK:
            return False
        said = f"{text} {decision.text} Sartiq gives no price in advance.".lstrip()
        return True if await confirm(self._near.window(), title, said, primary) else None

    @property
    def _price(self) -> Decimal | None:
        return Decimal(0) if self._service is not None and self._service.is_local else None

    @property
    def _reach(self) -> str:
        status = self._service.reach.status if self._service is not None else None
        return str(getattr(status, "state", ""))
