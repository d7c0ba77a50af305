"""Keys and secrets, kept by the system keyring or for this session only.

The backend is chosen here from a list of known classes. ``keyring``'s own choice is not asked: an
environment variable or a configuration file could put one in place that keeps nothing, keeps plain
text, or loads foreign code. Every call runs in a thread of its own, because a backend may ask the
user to unlock it and block for as long as that takes.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from psygnal import Signal

from scenario_desktop.errors import CredentialsUnavailable

_log = logging.getLogger(__name__)
T = TypeVar("T")

SERVICE = "scenario-desktop"
#: What Windows takes for one secret, in bytes of UTF-16.
WINDOWS_LIMIT_BYTES = 2560
#: How long a user may take to unlock the keyring, in seconds.
PROMPT_TIMEOUT_S = 120.0

_WINDOWS = "keyring.backends.Windows.WinVaultKeyring"
KNOWN_BACKENDS = (
    _WINDOWS,
    "keyring.backends.macOS.Keyring",
    "keyring.backends.SecretService.Keyring",
    "keyring.backends.libsecret.Keyring",
    "keyring.backends.kwallet.DBusKeyring",
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A key and its secret. Neither shows in a repr, so neither reaches a log by accident."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


class Keeping(StrEnum):
    """Where secrets are kept."""

    KEYRING = "keyring"
    SESSION_ONLY = "session_only"


@dataclass(frozen=True, slots=True)
class CredentialsState:
    """Where secrets are kept now, and for SESSION_ONLY why, as a sentence for people."""

    keeping: Keeping
    reason: str = ""


class Backend(Protocol):
    """The part of a ``keyring`` backend that is used here."""

    def set_password(self, service: str, username: str, password: str) -> None: ...
    def get_password(self, service: str, username: str) -> str | None: ...
    def delete_password(self, service: str, username: str) -> None: ...


def class_name(backend: object) -> str:
    """Return the full dotted name of an object's class, as KNOWN_BACKENDS spells it."""
    kind = type(backend)
    return f"{kind.__module__}.{kind.__qualname__}"


def find_backend(names: Iterable[str] = KNOWN_BACKENDS) -> Backend | None:
    """Return the best known backend that works on this machine; slow, so never on the loop."""
    best: tuple[float, Backend] | None = None
    for name in names:
        module_name, _, kind_name = name.rpartition(".")
        try:
            kind = getattr(importlib.import_module(module_name), kind_name)
        except (ImportError, AttributeError):
            continue
        if kind.viable and (best is None or kind.priority > best[0]):
            best = (kind.priority, kind())
    return best[1] if best else None


class Credentials:
    """Saves, loads and deletes secrets by a reference that may stand in the settings.

    After a backend has failed once it is left alone until ``retry``: one prompt, not one per call.

    Signals:
        state_changed: the new CredentialsState.
    """

    state_changed = Signal(object)

    def __init__(
        self,
        find: Callable[[], Backend | None] = find_backend,
        *,
        known: Iterable[str] = KNOWN_BACKENDS,
        timeout_s: float = PROMPT_TIMEOUT_S,
    ) -> None:
        self._find = find
        self._known = frozenset(known)
        self._timeout_s = timeout_s
        self._backend: Backend | None = None
        self._is_ready = False
        self._session: dict[str, Secret] = {}
        self._lock = asyncio.Lock()
        self.state = CredentialsState(Keeping.SESSION_ONLY, "The keyring was not asked yet.")

    async def prepare(self) -> CredentialsState:
        """Look for a keyring once; later calls return what was found."""
        async with self._lock:
            await self._prepare()
            return self.state

    async def retry(self) -> CredentialsState:
        """Look again after the user has unlocked or installed a keyring."""
        async with self._lock:
            self._is_ready = False
            await self._prepare()
            return self.state

    async def save(
        self, reference: str, secret: Secret, *, is_session_only: bool = False
    ) -> CredentialsState:
        """Keep a secret, in the keyring where there is one, else until the program ends.

        Returns:
            Where it went: look at ``keeping`` before promising that it is kept.
        """
        text = json.dumps({"key": secret.key, "secret": secret.secret})
        async with self._lock:
            await self._prepare()
            self._session[reference] = secret
            if is_session_only:
                return CredentialsState(Keeping.SESSION_ONLY, "Kept for this session, as chosen.")
            if self._backend is None:
                return self.state
            if is_too_long(class_name(self._backend), text):
                return CredentialsState(
                    Keeping.SESSION_ONLY,
                    "Windows keeps at most 2,560 bytes of one secret, and this key is longer.",
                )
            if await self._write(self._backend, reference, text):
                del self._session[reference]
            return self.state

    def is_for_session(self, reference: str) -> bool:
        """Whether a secret is kept until the program ends, and no longer."""
        return reference in self._session

    async def load(self, reference: str) -> Secret | None:
        """Return a secret, or None where none is kept or the keyring does not give it.

        Raises:
            CredentialsUnavailable: something is kept under this reference, but not by us.
        """
        async with self._lock:
            if reference in self._session:
                return self._session[reference]
            await self._prepare()
            backend = self._backend
            if backend is None:
                return None
            text = await self._ask(lambda: backend.get_password(SERVICE, reference), "read")
            return _parse(text) if text else None

    async def delete(self, reference: str) -> None:
        """Forget a secret everywhere; nothing happens where there is none."""
        async with self._lock:
            self._session.pop(reference, None)
            await self._prepare()
            backend = self._backend
            if backend is None:
                return

            def remove() -> None:
                if backend.get_password(SERVICE, reference) is not None:
                    backend.delete_password(SERVICE, reference)

            await self._ask(remove, "changed")

    async def aclose(self) -> None:
        """Forget what was kept for this session."""
        self._session.clear()

    async def _prepare(self) -> None:
        if self._is_ready:
            return
        self._is_ready = True
        self._backend = None
        found = await self._ask(lambda: (self._find(),), "opened")
        if found is None:
            return
        (backend,) = found
        if backend is None:
            self._set_state(_session("There is no system keyring on this computer."))
        elif class_name(backend) not in self._known:
            _log.warning("Keyring backend refused: %s", class_name(backend))
            self._set_state(_session("The keyring set up here is not one that keeps secrets safe."))
        else:
            self._backend = backend
            self._set_state(CredentialsState(Keeping.KEYRING))

    async def _write(self, backend: Backend, reference: str, text: str) -> bool:
        """Write and read back; some backends accept everything and keep nothing."""

        def write() -> str | None:
            backend.set_password(SERVICE, reference, text)
            return backend.get_password(SERVICE, reference)

        kept = await self._ask(write, "written")
        if kept == text:
            return True
        if self._backend is not None:
            self._give_up("The system keyring took the key, but did not keep it.")
        return False

    async def _ask(self, function: Callable[[], T], what: str) -> T | None:
        """Run one keyring call in its own thread; None and session-only when it fails."""
        future = asyncio.wrap_future(_in_thread(function))
        done, _ = await asyncio.wait({future}, timeout=self._timeout_s)
        if not done:
            future.cancel()
            self._give_up("The system keyring did not answer in time.")
            return None
        error = future.exception()
        if error is None:
            return future.result()
        # A backend raises what its platform raises (D-Bus, pywin32, OSError): every kind means
        # the same here. Only the class is logged; the text could quote what was to be kept.
        _log.warning("The keyring could not be %s: %s", what, type(error).__name__)
        self._give_up(f"The system keyring could not be {what}. It may be locked.")
        return None

    def _give_up(self, reason: str) -> None:
        self._backend = None
        self._set_state(_session(reason))

    def _set_state(self, state: CredentialsState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def is_too_long(backend_class: str, text: str) -> bool:
    """Whether a backend is known to refuse a text of this length (with an unreadable error)."""
    return backend_class == _WINDOWS and len(text.encode("utf-16-le")) > WINDOWS_LIMIT_BYTES


def _session(reason: str) -> CredentialsState:
    return CredentialsState(
        Keeping.SESSION_ONLY, f"{reason} Keys are kept until the program is closed."
    )


def _parse(text: str) -> Secret:
    try:
        value = json.loads(text)
        return Secret(str(value["key"]), str(value["secret"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CredentialsUnavailable(
            "What the keyring holds for this workspace is not readable.",
            hint="Enter the key and its secret again.",
        ) from error


def _in_thread(function: Callable[[], T]) -> Future[T]:
    """Run a function in a daemon thread.

    Not in the loop's executor: its threads are waited for at exit, and one that sits behind a
    forgotten unlock prompt would keep the program from ending.
    """
    future: Future[T] = Future()

    def work() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = function()
        except BaseException as error:  # handed over whole: the waiter looks at it
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=work, name="keyring", daemon=True).start()
    return future
