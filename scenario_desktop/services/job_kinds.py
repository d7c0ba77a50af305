"""What the jobs service needs to know of one kind of job. A new kind is one more of these."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Protocol

from scenario_desktop.api.models.jobs import Job


class JobKind(Protocol):
    """How a kind of billed request is sent, priced, recognised and named.

    ``request`` is always the body as it goes over the wire, which is also what the ledger keeps.
    """

    @property
    def title(self) -> str:
        """The kind in one word, such as "Detect"."""

    @property
    def job_types(self) -> frozenset[str]:
        """The service's own words for jobs of this kind."""

    def name(self, request: dict[str, Any]) -> str:
        """Return what the request makes, such as "Canny"."""

    def parameters(self, request: dict[str, Any]) -> str:
        """Return the parameters in words, such as "Low 72, high 168"."""

    def done(self, count: int) -> str:
        """Return how a success with this many results reads."""

    def is_of(self, request: dict[str, Any], job: Job) -> bool:
        """Whether the service's job came from a request just like this one."""

    async def send(self, request: dict[str, Any]) -> Job:
        """Send it, once. Raises AppError; any but a plain refusal may mean that it arrived."""

    async def price(self, request: dict[str, Any]) -> Decimal | None:
        """Ask what it costs now, in Creative Units; None where the service gives no price."""
