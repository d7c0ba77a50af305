"""Secrets go to a keyring that keeps them, or stay in memory and say so."""

from __future__ import annotations

import logging
import threading

import pytest
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked

from scenario_desktop.errors import CredentialsUnavailable
from scenario_desktop.services import credentials
from scenario_desktop.services.credentials import (
    SERVICE,
    Credentials,
    Keeping,
    Secret,
    class_name,
    find_backend,
    is_too_long,
)
from tests.fakes import FakeKeyring

SECRET = Secret("api_canary_key", "canary-secret")


def make(backend: FakeKeyring | None, **options: float) -> Credentials:
    return Credentials(lambda: backend, known=[class_name(backend)], **options)


async def test_a_secret_is_kept_and_read_back() -> None:
    keyring = FakeKeyring()
    assert (await make(keyring).save("ws-1", SECRET)).keeping is Keeping.KEYRING
    assert await make(keyring).load("ws-1") == SECRET


async def test_no_keyring_keeps_it_for_the_session_with_a_reason() -> None:
    service = make(None)
    states: list[object] = []
    service.state_changed.connect(states.append)
    state = await service.save("ws-1", SECRET)
    assert state.keeping is Keeping.SESSION_ONLY
    assert "no system keyring" in state.reason
    assert states == [state]
    assert await service.load("ws-1") == SECRET


async def test_a_keyring_that_forgets_is_noticed() -> None:
    state = await make(FakeKeyring(is_forgetful=True)).save("ws-1", SECRET)
    assert state.keeping is Keeping.SESSION_ONLY
    assert "did not keep it" in state.reason


async def test_the_null_backend_is_refused() -> None:
    service = Credentials(NullKeyring)
    assert (await service.save("ws-1", SECRET)).keeping is Keeping.SESSION_ONLY
    assert await service.load("ws-1") == SECRET


def test_the_environment_does_not_choose_the_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    assert not isinstance(find_backend(), NullKeyring)
    assert find_backend(["keyring.backends.nowhere.Keyring"]) is None


async def test_a_locked_keyring_is_asked_once() -> None:
    keyring = FakeKeyring(error=KeyringLocked("prompt dismissed"))
    service = make(keyring)
    for _ in range(3):
        assert (await service.save("ws-1", SECRET)).keeping is Keeping.SESSION_ONLY
    assert keyring.calls == 1
    keyring.error = None
    assert (await service.retry()).keeping is Keeping.KEYRING


async def test_a_prompt_that_is_never_answered_ends_in_session_mode() -> None:
    keyring = FakeKeyring(gate=threading.Event())
    state = await make(keyring, timeout_s=0.05).save("ws-1", SECRET)
    keyring.gate.set()
    assert "in time" in state.reason


async def test_keyring_calls_leave_the_loop_thread() -> None:
    keyring = FakeKeyring()
    await make(keyring).save("ws-1", SECRET)
    assert keyring.threads.isdisjoint({threading.get_ident()})


def test_the_windows_limit_counts_utf16_bytes() -> None:
    windows = "keyring.backends.Windows.WinVaultKeyring"
    assert not is_too_long(windows, "x" * 1280)
    assert is_too_long(windows, "x" * 1281)
    assert not is_too_long("keyring.backends.macOS.Keyring", "x" * 9000)


async def test_a_long_secret_is_not_offered_to_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = FakeKeyring()
    monkeypatch.setattr(credentials, "_WINDOWS", class_name(keyring))
    state = await make(keyring).save("ws-1", Secret("k", "s" * 2000))
    assert "2,560 bytes" in state.reason
    assert keyring.calls == 0


async def test_session_only_by_choice_leaves_the_keyring_alone() -> None:
    keyring = FakeKeyring()
    await make(keyring).save("ws-1", SECRET, is_session_only=True)
    assert keyring.calls == 0


async def test_deleting_forgets_and_is_harmless_when_nothing_is_there() -> None:
    keyring = FakeKeyring()
    service = make(keyring)
    await service.save("ws-1", SECRET)
    await service.delete("ws-1")
    await service.delete("ws-1")
    assert await service.load("ws-1") is None
    assert service.state.keeping is Keeping.KEYRING


async def test_what_somebody_else_wrote_is_not_guessed_at() -> None:
    keyring = FakeKeyring()
    keyring.kept[(SERVICE, "ws-1")] = "not ours"
    with pytest.raises(CredentialsUnavailable):
        await make(keyring).load("ws-1")


async def test_secrets_reach_no_log_and_no_repr(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await make(FakeKeyring(error=OSError("canary-secret"))).save("ws-1", SECRET)
    assert "canary" not in caplog.text + repr(SECRET)
