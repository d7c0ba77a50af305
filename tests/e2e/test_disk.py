"""A full disk and folders that may not be read, in the real window."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import on_posix
from tests.e2e.desk import Apart
from tests.e2e.hostile import encoded, noise

#: What lets root read and write whatever the modes say; see capabilities(7).
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
PR_CAPBSET_DROP = 24
#: Room on the small disk, MiB: the program's own files and a few pictures.
DISK_MIB = 24


def as_any_user() -> Callable[[], None] | None:
    """Return what makes a process begun by root heed the modes of files, as others must."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def drop() -> None:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)

    return drop


@on_posix
def test_what_may_not_be_read_is_told_and_the_rest_comes_in(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    (folder / "locked").mkdir(parents=True)
    for number, name in enumerate(("good", "secret", "locked/inside")):
        (folder / f"{name}.png").write_bytes(encoded(noise(number)))
    (folder / "secret.png").chmod(0)
    (folder / "locked").chmod(0)
    window = Apart(tmp_path / "d", "bring", str(folder), before=as_any_user())
    done = window.wait_for("imported")
    assert window.end() == 0
    (folder / "locked").chmod(0o700)
    assert done["added"] == 1
    assert done["refused"] == {
        "locked": "There is no permission to read it.",
        "secret.png": "This file may not be read. Check its permissions.",
    }
    assert "Show why" in done["texts"]


@on_posix
def test_a_data_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    data = tmp_path / "d"
    data.mkdir()
    data.chmod(0o500)
    process = subprocess.run(
        [sys.executable, "-m", "scenario_desktop", "--data", str(data)], capture_output=True,
        check=False, timeout=30, preexec_fn=as_any_user(),
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    data.chmod(0o700)
    assert process.returncode == 1
    assert "Permission denied" in process.stderr.decode()
    assert "Traceback" not in process.stderr.decode()


@pytest.mark.skipif(sys.platform != "linux", reason="makes a small disk of its own")
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f'mount -t tmpfs -o size={DISK_MIB}M tmpfs "{disk}" && exec "$0" "$@"'
    small = ["unshare", "-m", "sh", "-c", mount]
    window = Apart(disk / "d", "fill", str(disk / "ballast"), prefix=small)
    full = window.wait_for("full")
    assert full["card"].startswith("The disk is full")
    assert "No picture was added" in full["texts"]
    edited = window.wait_for("edited")
    assert edited["error"].startswith("The disk is full")
    assert edited["count"] == 1
    again = window.wait_for("again")
    assert set(again["found"]) == {"first", "second"}
    assert again["found"]["first"][-1] == "room again"
    assert len(again["found"]["first"]) == edited["kept"] + 1
    assert again["state"] == "Local engine ready"
    assert window.end() == 0
