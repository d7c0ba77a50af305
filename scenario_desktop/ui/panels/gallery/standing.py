"""How the library stands to its server, in words: in place of the grid, or above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from scenario_desktop.errors import AppError, CredentialsUnavailable, Unauthorised
from scenario_desktop.items import ItemQuery, Section, Source
from scenario_desktop.ui.panels.gallery import words
from scenario_desktop.ui.panels.gallery.words import StateWords
from scenario_desktop.ui.widgets.banner import Tone

if TYPE_CHECKING:
    from scenario_desktop.services.sync import SyncStatus

_CHANGE_KEYS = "Change the keys…"
_SIGN_IN = "Sign in again…"
_TRY_AGAIN = "Try again"


class Notice(NamedTuple):
    """What stands above the grid; without a text, nothing does."""

    text: str = ""
    tone: Tone = Tone.INFO
    action: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the connection.

    Attributes:
        sync: None before anything was said of it.
        is_local: the server is this computer's own engine, which is never "offline".
        lacks_keys: the library was not opened, because keys are missing or refused.
    """

    sync: SyncStatus | None = None
    is_local: bool = False
    lacks_keys: bool = False

    @property
    def state(self) -> str:
        return self.sync.state if self.sync is not None else ""

    @property
    def wants_keys(self) -> bool:
        """Whether other keys would help, and not just another try."""
        return self.state == "unauthorised" or self.lacks_keys

    def is_unfetched(self, query: ItemQuery) -> bool:
        """Whether there is nothing to show of a query because nothing was ever fetched."""
        is_whole = not query.is_filtered and query.section is not Section.TRASH
        return self.sync is not None and self.sync.at is None and is_whole

    def empty_words(self, query: ItemQuery, collection: str) -> StateWords:
        """Return why a query has no items."""
        sync = self.sync
        if sync is not None and self.is_unfetched(query):
            if sync.state == "syncing":
                return words.fetching_words(sync.done)
            if sync.state == "offline":
                return words.OFFLINE_WORDS
            if sync.error is not None:
                message, hint = sync.error.message, sync.error.hint
                if sync.state == "unauthorised":
                    return words.refused_words(message, hint, self._keys_action)
                return words.failed_words(message, hint)
        return words.empty_words(query, collection)

    def notice(self, query: ItemQuery, *, has_items: bool) -> Notice:
        """Return what keeps the items that are shown from being up to date."""
        error = self.sync.error if self.sync is not None else None
        if self.state == "offline" and self.is_local:
            return Notice(
                "The local engine does not run. All that is listed here can be searched and tagged;"
                " originals and jobs need the engine.",
                Tone.WARNING,
                "Start it again",
            )
        if self.state == "offline" and has_items:
            return Notice(
                "You are offline. All that is listed here can be searched and tagged; new items and"
                " originals follow once there is a connection.",
                Tone.INFO,
                _TRY_AGAIN,
            )
        is_told = not has_items and self.is_unfetched(query)  # in place of the grid
        if self.state in ("unauthorised", "failed") and error is not None and not is_told:
            text = f"{error.message} {error.hint}".strip()
            action = self._keys_action if self.state == "unauthorised" else _TRY_AGAIN
            return Notice(text, Tone.WARNING, action)
        return Notice()

    @property
    def _keys_action(self) -> str:
        """What helps where a server refuses us: one has keys, the other a login."""
        refused_by = self.sync.refused_by if self.sync is not None else ()
        return _SIGN_IN if refused_by == (Source.SARTIQ,) else _CHANGE_KEYS


def lacks_keys(error: object) -> bool:
    return isinstance(error, (CredentialsUnavailable, Unauthorised))


def unopened_words(error: object) -> StateWords:
    """Return why there is no library at all."""
    message, hint = "The library could not be opened.", ""
    if isinstance(error, AppError):
        message, hint = error.message, error.hint
    if lacks_keys(error):
        return words.refused_words(message, hint, _CHANGE_KEYS)
    return words.failed_words(message, hint)
