"""The data folder: made, checked and tidied when an engine starts."""

from __future__ import annotations

import time
from pathlib import Path

from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.files import store_failure
from scenario_desktop.errors import StoreFailed

#: Archives and converted pictures are kept this long, in seconds; they can be made again.
EXPORT_LIFETIME_S = 24 * 3600
_MAGIC = b"SQLite format 3\x00"


def make_folders(config: EngineConfig) -> None:
    """Make the data folder and what is in it, readable by their owner only.

    Raises:
        StoreFailed: it cannot be made.
    """
    try:
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        config.data.chmod(0o700)
        for folder in config.folders:
            folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise store_failure(error) from error


def prepare_folders(config: EngineConfig) -> None:
    """Make the folders, and refuse to start empty over files that an index must have known.

    Raises:
        StoreFailed: they cannot be made, or the index is missing; nothing was touched.
    """
    make_folders(config)
    if not _is_index(config.database) and any(config.contents.iterdir()):
        raise StoreFailed(
            f"{config.database.name} is missing or damaged, but pictures are stored beside it.",
            hint="Put it back from a copy, or choose another data folder.",
        )


def _is_index(path: Path) -> bool:
    """Whether a file begins as SQLite's do: it takes one of a few bytes for new and empty."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except FileNotFoundError:
        return False
    except OSError as error:
        raise store_failure(error) from error


def clean_up(config: EngineConfig) -> None:
    """Remove half-written files of an earlier run, and exports whose time is over."""
    for file in config.staging.iterdir():
        file.unlink()
    oldest = time.time() - EXPORT_LIFETIME_S
    for file in config.exports.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink()
