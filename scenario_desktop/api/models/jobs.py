"""Jobs: remote pieces of work. Source: API pages "jobs" and "generate"."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field

from scenario_desktop.api.models.base import OptionalTimestamp, Page, Received

#: The words that end a job; every other word, known or not, means it goes on.
FINAL_STATUSES = frozenset({"success", "failure", "canceled"})
#: Job types whose cancel the service documents.
CANCELLABLE_TYPES = frozenset({"inference", "detection"})


class StatusChange(Received):
    date: OptionalTimestamp = None
    status: str = ""


class JobMetadata(Received):
    asset_ids: tuple[str, ...] = ()
    error: str | None = None
    hint: str | None = None
    input: dict[str, Any] = Field(default_factory=dict)
    output: dict[str, Any] = Field(default_factory=dict)


class JobBilling(Received):
    """Creative Units. ``cu_cost`` leaves out the add-ons in ``cu_cost_details``."""

    cu_cost: Decimal | None = None
    cu_discount: Decimal | None = None
    cu_cost_details: dict[str, Decimal | None] | None = None
    disable_refund: bool = False


class Job(Received):
    """``progress`` runs from 0 to 1."""

    job_id: str
    job_type: str = ""
    status: str = ""
    progress: float = 0.0
    author_id: str | None = None
    created_at: OptionalTimestamp = None
    updated_at: OptionalTimestamp = None
    metadata: JobMetadata = JobMetadata()
    status_history: tuple[StatusChange, ...] = ()
    billing: JobBilling | None = None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES


class JobPage(Page):
    jobs: tuple[Job, ...] = ()


class JobAnswer(Received):
    job: Job


class RunAnswer(Received):
    """Answer of a billed call. A price answer (HTTP 269) has no job, or an empty one."""

    job: Job | None = None
    creative_units_cost: Decimal | None = None
    creative_units_discount: Decimal | None = None
