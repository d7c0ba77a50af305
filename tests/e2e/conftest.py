"""What journeys get: the theme of the widget tests, no keyring, and no window left behind."""

from __future__ import annotations

import sys

import pytest

from scenario_desktop.services.credentials import Credentials
from tests.widget.conftest import _no_window_left, look

__all__ = ["_no_window_left", "look"]

#: For tests that kill processes or need modes and mounts of POSIX.
on_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes of POSIX")


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the keyring of whoever runs the tests alone: keys are kept for the session."""
    monkeypatch.setattr(Credentials.__init__, "__defaults__", (lambda: None,))
