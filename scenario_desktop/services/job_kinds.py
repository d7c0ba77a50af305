"""What the jobs service needs to know of one kind of job. A new kind is one more of these."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from scenario_desktop.api.models.jobs import CANCELLABLE_TYPES, Job
from scenario_desktop.errors import AppError
from scenario_desktop.store.ledger import LedgerRow

#: Takes how far a row's preparing is, 0 to 1.
OnPrepared = Callable[[str, float], None]


class JobKind(Protocol):
    """How a kind of request is sent, priced, recognised and named.

    ``request`` is what the ledger keeps: enough to send it again, and never a signed address.
    """

    @property
    def title(self) -> str:
        """The kind in one word, such as "Detect"."""

    @property
    def job_types(self) -> frozenset[str]:
        """The service's own words for jobs of this kind; empty where a lost one cannot be found."""

    def name(self, request: dict[str, Any]) -> str:
        """Return what the request makes, such as "Canny"."""

    def parameters(self, request: dict[str, Any]) -> str:
        """Return the parameters in words, such as "Low 72, high 168"."""

    def done(self, count: int) -> str:
        """Return how a success with this many results reads."""

    def is_of(self, request: dict[str, Any], job: Job) -> bool:
        """Whether the service's job came from a request just like this one."""

    def can_cancel(self, job: Job | None) -> bool:
        """Whether the service documents a cancel for this job."""

    async def prepare(self, rows: Sequence[LedgerRow], on_progress: OnPrepared) -> None:
        """Do what must come before sending and creates nothing that counts, such as uploads.

        Raises:
            AppError: it cannot be done; the rows are then not sent.
        """

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        """Send the rows of one group in one request, once; return what became of each.

        Raises:
            AppError: for all; any but a plain refusal may mean that it arrived.
        """

    async def price(self, request: dict[str, Any]) -> Decimal | None:
        """Ask what it costs now, in Creative Units; None where the service gives no price."""


class LoneKind(ABC):
    """A kind whose requests are sent one by one, as they stand in the ledger."""

    @abstractmethod
    async def send_one(self, request: dict[str, Any]) -> Job:
        """Send it, once. Raises AppError; any but a plain refusal may mean that it arrived."""

    def can_cancel(self, job: Job | None) -> bool:
        return job is not None and job.job_type in CANCELLABLE_TYPES

    async def prepare(  # noqa: B027 - most kinds have nothing to prepare
        self, rows: Sequence[LedgerRow], on_progress: OnPrepared
    ) -> None:
        """There is nothing to do before."""

    async def send(self, rows: Sequence[LedgerRow]) -> Sequence[Job | AppError]:
        (row,) = rows
        return [await self.send_one(row.request)]
