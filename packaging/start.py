#!/usr/bin/env python3
"""Prepare this checkout and start something in it. Standard library only; any Python from 3.11 on.

python3 packaging/start.py            the window (with no display: the tour, into ./tour/)
python3 packaging/start.py test       all tests, on all cores ("test PATH…" just those, on one)
python3 packaging/start.py lint       lint, format and strict types
python3 packaging/start.py bench [N]  the benchmarks, or the one named N
python3 packaging/start.py ARGS…      anything else goes to the program, such as "engine --data DIR"

It makes .venv, installs the locked versions by their hashes, and finds missing system libraries:
it installs them when it may, and prints the exact command when it may not. When nothing has changed
since the last time it starts at once.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
IS_WINDOWS = sys.platform == "win32"
PYTHON = VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
STAMP = VENV / "installed"
BUILD_LOCK = ROOT / "packaging/requirements-build.lock"
RUN_LOCK = ROOT / "packaging/requirements.lock"
DEVELOPER_LOCK = ROOT / "packaging/requirements-dev.lock"  # holds all of RUN_LOCK too
DEVELOPER_COMMANDS = {"test", "lint", "bench"}
MOST_TEST_PROCESSES = 6  # of up to half a gigabyte each, with what they start

#: library that Qt loads -> the Debian package it comes in
OFFSCREEN_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}


def say(text: str) -> None:
    print(f"start: {text}", file=sys.stderr, flush=True)


def stop(text: str) -> None:
    say(text)
    raise SystemExit(1)


def has_display() -> bool:
    if IS_WINDOWS or sys.platform == "darwin":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def install_system_packages(packages: list[str], reason: str) -> None:
    """Install Debian packages when this user may; otherwise say what to type and stop."""
    command = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        stop(f"{reason} Install what your system calls: {' '.join(packages)}")
    prefix: list[str] = []
    if os.geteuid() != 0:
        if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode:
            stop(f"{reason} Run:\n  sudo apt-get update && sudo {' '.join(command)}")
        prefix = ["sudo", "-n"]
    say(f"{reason} Installing {' '.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["apt-get", "update", "-qq"], command):
        done = subprocess.run(
            [*prefix, *step], env=environment, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            stop(f"This failed: {' '.join([*prefix, *step])}")


def ensure_system_libraries(*, needs_window: bool) -> None:
    if not sys.platform.startswith("linux"):
        return
    wanted = {**OFFSCREEN_LIBRARIES, **(WINDOW_LIBRARIES if needs_window else {})}
    missing = []
    for library, package in wanted.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(package)
    if missing:
        install_system_packages(missing, "Qt needs system libraries that are not here.")


def fingerprint(lock: Path) -> str:
    parts = [sys.version, str(ROOT)]
    files = (lock, BUILD_LOCK, ROOT / "pyproject.toml")
    parts += [path.read_text(encoding="utf-8") for path in files]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ensure_environment(*, for_developers: bool) -> None:
    """Make .venv hold the locked versions; do nothing when it already does."""
    developer_print = fingerprint(DEVELOPER_LOCK)
    good = {developer_print} if for_developers else {developer_print, fingerprint(RUN_LOCK)}
    installed = STAMP.read_text(encoding="utf-8") if STAMP.exists() else ""
    if PYTHON.exists() and installed in good:
        return
    if sys.platform.startswith("linux") and importlib.util.find_spec("ensurepip") is None:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        install_system_packages([version], "Python's venv module is not here.")
    if not PYTHON.exists() or not installed:
        say("Making .venv …")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    STAMP.unlink(missing_ok=True)
    say("Installing the locked versions …")
    lock = DEVELOPER_LOCK if for_developers else RUN_LOCK
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    for file in (lock, BUILD_LOCK):
        subprocess.run([*pip, "--require-hashes", "-r", str(file)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)
    STAMP.write_text(fingerprint(lock), encoding="utf-8")


def run(*arguments: str, **environment: str) -> int:
    """Run the environment's Python in the checkout and return its exit code."""
    scrubbed = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME", "QT_PLUGIN_PATH", "PYTHON_KEYRING_BACKEND"}
    }
    try:
        return subprocess.run(
            [str(PYTHON), *arguments], cwd=ROOT, env={**scrubbed, **environment}, check=False
        ).returncode
    except KeyboardInterrupt:
        return 130


def start_window() -> int:
    if has_display():
        return run("-m", "scenario_desktop")
    folder = ROOT / "tour"
    say(f"There is no display here, so the tour runs without one. Its pictures go to {folder}.")
    return run("-m", "scenario_desktop", "tour", "--out", str(folder), QT_QPA_PLATFORM="offscreen")


def lint() -> int:
    steps = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
    )
    codes = [run("-m", *step) for step in steps]
    return max(codes)


def test(arguments: list[str]) -> int:
    """Run what was asked for as it was asked for; all tests by several processes."""
    # One more than cores, for a journey often waits. Neighbours share what their module set up.
    processes = min((os.cpu_count() or 1) + 1, MOST_TEST_PROCESSES)
    chosen = arguments or ["-q", "-n", str(processes), "--dist", "worksteal"]
    return run("-m", "pytest", *chosen, QT_QPA_PLATFORM="offscreen")


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older Python can start this file
        stop("This needs Python 3.11 or later.")
    command = arguments[0] if arguments else ""
    ensure_system_libraries(needs_window=has_display() and not arguments)
    try:
        ensure_environment(for_developers=command in DEVELOPER_COMMANDS)
    except subprocess.CalledProcessError as error:
        stop(f"This failed with code {error.returncode}: {' '.join(map(str, error.cmd))}")
    if command == "":
        return start_window()
    if command == "test":
        return test(arguments[1:])
    if command == "lint":
        return lint()
    if command == "bench":
        return run("-m", "tests.bench", *arguments[1:], QT_QPA_PLATFORM="offscreen")
    return run("-m", "scenario_desktop", *arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
