"""Reports that were read before, so that a page opens at once and without network."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from scenario_desktop.api.models.usage import UsageReport
from scenario_desktop.services.usage.ranges import UsageRange

_log = logging.getLogger(__name__)

#: Reports that are kept in memory, and on the disk.
IN_MEMORY: Final = 12
ON_DISK: Final = 40
#: A report is written so much later, in seconds: whoever asked for it wants to see it first.
WRITE_AFTER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report and when it was asked for, by the service's clock."""

    report: UsageReport
    at: datetime


class _File(BaseModel):
    model_config = ConfigDict(frozen=True)

    version: int = 1
    at: datetime
    report: UsageReport


def key_of(over: UsageRange, user_ids: Sequence[str] = ()) -> str:
    """Return the name of a question: two questions of one name have one answer."""
    return "/".join([over.start.isoformat(), over.end.isoformat(), *sorted(user_ids)])


class ReportCache:
    """Keeps the newest reports of one workspace. Its files may be deleted at any time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._memory: OrderedDict[str, KeptReport] = OrderedDict()
        self._unwritten: dict[str, KeptReport] = {}
        self._writing: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    async def get(self, key: str) -> KeptReport | None:
        """Return a report, None when it is not kept or cannot be read any more."""
        found = self._memory.get(key)
        if found is None:
            found = await asyncio.to_thread(_read, self._file(key))
            if found is None:
                return None
            self._remember(key, found)
        self._memory.move_to_end(key)
        return found

    def put(self, key: str, kept: KeptReport) -> None:
        """Keep a report; a disk that does not take it is no reason to fail."""
        self._remember(key, kept)
        self._unwritten[key] = kept
        if self._writing is None:
            self._writing = asyncio.create_task(self._write(), name="usage reports")

    async def aclose(self) -> None:
        """Write what was not written yet. May be called twice."""
        self._hurry.set()
        if self._writing is not None:
            await asyncio.wait({self._writing})

    async def _write(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WRITE_AFTER_S):
                await self._hurry.wait()
        try:
            while self._unwritten:
                key, kept = self._unwritten.popitem()
                await asyncio.to_thread(_write, self._file(key), kept)
        finally:
            self._writing = None

    def _remember(self, key: str, kept: KeptReport) -> None:
        self._memory[key] = kept
        self._memory.move_to_end(key)
        while len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)

    def _file(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        return self._folder / f"{name}.json"


def _read(path: Path) -> KeptReport | None:
    try:
        kept = _File.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return KeptReport(kept.report, kept.at)


def _write(path: Path, kept: KeptReport) -> None:
    aside = path.with_suffix(".part")
    data = _File(at=kept.at, report=kept.report).model_dump_json()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.write_text(data, encoding="utf-8")
        aside.replace(path)
        files = sorted(path.parent.glob("*.json"), key=lambda f: f.stat().st_mtime, reverse=True)
        for old in files[ON_DISK:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("A usage report could not be kept: %s", error.strerror)
