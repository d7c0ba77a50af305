"""What was done to canvases from this computer: one line each, appended, never rewritten."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from scenario_desktop.errors import StoreFailed
from scenario_desktop.store.files import read_bytes

#: Lines that are read back, the newest.
_SHOWN = 500


class Deed(StrEnum):
    """What a line tells."""

    FORCED = "forced"
    FORCING = "forcing"  # asked for; nobody knows whether it was done
    RESTORED = "restored"
    COPIED = "copied"
    KEPT_OURS = "kept_ours"
    TOOK_THEIRS = "took_theirs"


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line; ``text`` is a sentence of ours, for people."""

    at: datetime
    deed: Deed
    text: str


class CanvasRecord:
    """The history of one canvas on this computer. Blocks on the disk."""

    def __init__(self, folder: Path, canvas_id: str) -> None:
        name = hashlib.sha256(canvas_id.encode()).hexdigest()[:32]
        self._path = folder / "history" / f"{name}.jsonl"

    def add(self, line: HistoryLine) -> None:
        """Append a line.

        Raises:
            StoreFailed: the disk is full or not writable.
        """
        words = {"at": line.at.isoformat(), "deed": line.deed.value, "text": line.text}
        # A line that was cut off by a crash is ended first.
        data = b"\n" + json.dumps(words).encode() + b"\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreFailed(
                "The history of the canvas on this computer could not be written.",
                hint="Check that the disk is not full and the data folder is writable.",
                details=error.strerror or "",
            ) from error

    def lines(self) -> list[HistoryLine]:
        """Return the newest lines first; what cannot be read is left out.

        Raises:
            StoreFailed: the file cannot be read.
        """
        found: list[HistoryLine] = []
        for raw in (read_bytes(self._path) or b"").splitlines()[-2 * _SHOWN :]:
            try:
                words = json.loads(raw)
                at = datetime.fromisoformat(words["at"])
                found.append(HistoryLine(at, Deed(words["deed"]), str(words["text"])))
            except (ValueError, KeyError, TypeError):
                continue
        return found[::-1][:_SHOWN]
