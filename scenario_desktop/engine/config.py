"""How one engine is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scenario_desktop.engine.times import now_ms

#: Signed addresses live a week unless told otherwise, in seconds.
URL_LIFETIME_S = 7 * 24 * 3600
#: A login of the second half lasts a working day unless told otherwise, in seconds.
TOKEN_LIFETIME_S = 8 * 3600
#: The largest picture file taken, in bytes.
MAX_FILE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Everything that is decided before an engine starts.

    Attributes:
        data: the folder that holds all of it; made when missing, readable by its owner only.
        host: the address it listens on, as in the socket.
        port: the real port, never 0: the Host header is checked against it.
        url_lifetime_s: how long a signed address works, in seconds.
        token_lifetime_s: how long a login of the second half lasts, in seconds.
        processes: worker processes for pictures; None takes one per core.
        has_second_user: a second pair of keys is let in, as somebody else of the same project.
        clock: the time by which assets are stamped and locks of canvases end, in milliseconds
            since 1970; tests pass their own.
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 80
    url_lifetime_s: float = URL_LIFETIME_S
    token_lifetime_s: float = TOKEN_LIFETIME_S
    processes: int | None = None
    max_file_bytes: int = MAX_FILE_BYTES
    has_second_user: bool = False
    clock: Callable[[], int] = now_ms

    @property
    def origin(self) -> str:
        """The address clients on this machine reach it by, without a path."""
        host = "127.0.0.1" if self.host in ("", "0.0.0.0", "::") else self.host  # noqa: S104 - compared only
        return f"http://{bracketed(host)}:{self.port}"

    @property
    def database(self) -> Path:
        return self.data / "engine.sqlite"

    @property
    def contents(self) -> Path:
        return self.data / "assets"

    @property
    def thumbnails(self) -> Path:
        return self.data / "thumbnails"

    @property
    def staging(self) -> Path:
        """Half-written files; emptied at every start."""
        return self.data / "staging"

    @property
    def uploads(self) -> Path:
        return self.data / "uploads"

    @property
    def exports(self) -> Path:
        """Zip archives and converted pictures: made again whenever they are asked for."""
        return self.data / "exports"

    @property
    def folders(self) -> tuple[Path, ...]:
        return (
            self.data, self.contents, self.thumbnails, self.staging, self.uploads, self.exports,
        )  # fmt: skip


def bracketed(host: str) -> str:
    """Return a host as it stands in a URL: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host else host
