"""Where data, caches, logs and resources lie. No other module joins such paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

APP_NAME = "scenario-desktop"


@dataclass(frozen=True, slots=True)
class Paths:
    """The folders of one installation. What lies in ``cache`` may be deleted at any time.

    Attributes:
        data: what the user made and what money depends on: catalogues, ledger, settings, drafts.
        cache: thumbnails and previews.
        logs: log files, without secrets.
    """

    data: Path
    cache: Path
    logs: Path

    @property
    def settings(self) -> Path:
        return self.data / "settings.json"

    @property
    def ledger(self) -> Path:
        return self.data / "ledger.sqlite"

    @property
    def engine(self) -> Path:
        return self.data / "engine"

    @property
    def engine_log(self) -> Path:
        return self.logs / "engine.log"

    @property
    def thumbnails(self) -> Path:
        return self.cache / "thumbnails.sqlite"

    def catalogue(self, workspace_id: str) -> Path:
        return self.data / "workspaces" / f"{workspace_id}.sqlite"

    def outbox(self, workspace_id: str) -> Path:
        return self.data / "workspaces" / f"{workspace_id}.outbox.sqlite"

    def drafts(self, workspace_id: str) -> Path:
        """Unsaved strokes of canvases, and what was done to the canvases from here."""
        return self.data / "drafts" / workspace_id

    def usage(self, workspace_id: str) -> Path:
        """Reports of usage that were read before."""
        return self.cache / "usage" / workspace_id

    @property
    def originals(self) -> Path:
        return self.cache / "originals"

    def make(self) -> None:
        """Create the folders, readable by their owner only."""
        inner = (self.data / "workspaces", self.originals)
        for folder in (self.data, self.cache, self.logs, *inner):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def for_user() -> Paths:
    """Return the folders that the platform names for this user."""
    import platformdirs

    return Paths(
        data=Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)),
        cache=Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False)),
        logs=Path(platformdirs.user_log_dir(APP_NAME, appauthor=False)),
    )


def under(folder: Path) -> Paths:
    """Return folders below one given folder: for tests, tours and portable use."""
    return Paths(data=folder / "data", cache=folder / "cache", logs=folder / "logs")


def resource(*parts: str) -> Path:
    """Return a shipped file: an icon, a font, a style, a sample picture."""
    return Path(__file__).resolve().parent.parent.joinpath("resources", *parts)
