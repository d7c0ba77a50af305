"""Keys and signed addresses: on no disk, in no log, whatever a server says; files are private."""

from __future__ import annotations

import base64
import logging
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PySide6.QtGui import QGuiApplication

from scenario_desktop import app, paths
from scenario_desktop.api import redaction
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.app import Program
from scenario_desktop.errors import AppError
from scenario_desktop.items import Item
from scenario_desktop.services.credentials import Secret
from scenario_desktop.services.workspaces import new_record
from tests.e2e.desk import (
    PATIENCE_S,
    bring_in,
    desk,
    items,
    session_of,
    shown,
    state_text,
)
from tests.e2e.hostile import encoded, noise
from tests.e2e.library_server import library_server
from tests.fault_server import Script, head, reset, whole
from tests.support import until

KEYS = Secret("api_canary/key+1", "canary-secret/+%=1")
PAIR = base64.b64encode(f"{KEYS.key}:{KEYS.secret}".encode()).decode()
HIDDEN = "‹hidden›".encode()
#: A server that says back what it was sent, in the words of its errors.
ECHO = {"reason": f"Who is {KEYS.key} with {KEYS.secret}? Authorization: Basic {PAIR}"}


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[None]:
    """Log everything of every library, as no user would, to the program's own file."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    paths.under(tmp_path / "d").make()
    app.log_to_file(tmp_path / "d" / "logs" / "scenario-desktop.log")
    root.setLevel(logging.DEBUG)
    for handler in root.handlers:
        if handler not in before:
            handler.setLevel(logging.DEBUG)
    yield
    root.setLevel(level)
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()
    redaction.uninstall()


async def work(program: Program, found: list[Item], out: Path) -> None:
    """Do with items all that touches keys and addresses; failures are part of it."""
    session, bench = session_of(program), program.workbench
    bench.gallery.controller.reveal([found[0].key])
    await until(lambda: bench.inspector.keys == (found[0].key,), timeout_s=PATIENCE_S)
    bench.preview.open(found[0].key)
    await bench.preview.load.settle()
    bench.preview_view.close()
    bench.commands.run("item.copy_url")
    try:
        await session.downloads.save(found, out)
        await session.library.edit_tags([found[0].key], ["tag"], [])
        requests = [DetectRequest(modality="sketch", image=found[0].id)]
        quote_ = await session.detect.quote(requests)
        await session.detect.submit(quote_, found[:1], is_confirmed=True)
    except AppError as error:
        logging.getLogger(__name__).warning("it failed", exc_info=error)
    await until(lambda: not any(view.is_active for view in session.jobs.rows), timeout_s=PATIENCE_S)


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_absent(secrets: list[str], files: dict[Path, bytes]) -> None:
    for secret in secrets:
        forms = {secret, quote(secret, safe=""), quote(secret), secret.replace("/", "\\/")}
        for form in forms:
            for path, data in files.items():
                assert form.encode() not in data, f"{form} is in {path}"
                assert form.encode("utf-16-le") not in data, f"{form} is in {path}"


@pytest.mark.expects_errors
async def test_an_accounts_keys_and_addresses_are_written_nowhere(
    qt_loop: Any, tmp_path: Path, logs: None, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    async with library_server() as server, desk(tmp_path / "d") as program:
        record = new_record("Ember Valley", base_url=server.base_url)
        record, _ = await program.workspaces.add(record, KEYS, is_session_only=True)
        program.workspaces.activate(record.id)
        await shown(program, 3)
        await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
        report = await program.workspaces.test(server.base_url, KEYS.key, KEYS.secret)
        found = await items(program)
        await work(program, found, tmp_path / "out")
        for number, script in enumerate(faults()):
            server.fail(script)
            session_of(program).sync.request()
            await work(program, found, tmp_path / f"out {number}")
            again = await program.workspaces.test(server.base_url, KEYS.key, KEYS.secret)
            assert_absent([KEYS.secret, PAIR], {Path("report"): repr(again).encode()})
        server.fail(None)
        assert report.projects == ()
        rows = session_of(program).jobs.rows
        assert_absent([KEYS.secret, PAIR], {Path("rows"): repr(rows).encode()})
    said = capfd.readouterr()
    files = everything(tmp_path / "d")
    files[Path("stdout")], files[Path("stderr")] = said.out.encode(), said.err.encode()
    files[Path("records")] = caplog.text.encode()
    assert_absent([KEYS.key, KEYS.secret, PAIR, "canary-signature"], files)
    assert any(path.name == "scenario-desktop.log" and data for path, data in files.items())


def faults() -> list[Script]:
    return [
        whole(500, ECHO), whole(401, ECHO), whole(400, ECHO), whole(200, ECHO),
        whole(429, {**ECHO, "error": "Plan limit"}), whole(302, ECHO, Location=f"/?key={KEYS.key}"),
        [head(200, Content_Length=999), str(ECHO).encode(), reset],
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
async def test_the_engines_keys_and_addresses_stay_where_they_belong(
    qt_loop: Any, tmp_path: Path, logs: None, caplog: pytest.LogCaptureFixture
) -> None:
    former = os.umask(0o022)
    try:
        for number in range(2):
            (tmp_path / f"{number}.png").write_bytes(encoded(noise(number)))
        async with desk(tmp_path / "d") as program:
            await bring_in(program, [tmp_path / "0.png", tmp_path / "1.png"])
            await shown(program, 2)
            await work(program, await items(program), tmp_path / "out")
            await shown(program, 3)
            assert "Signature=" in QGuiApplication.clipboard().text()
            address = program.engine.status.address
            assert address is not None
            live = everything(tmp_path / "d")
        places = program.paths
    finally:
        os.umask(former)
    files = live | everything(tmp_path / "d")
    kept = files.pop(places.engine / "keys.json")
    for secret in (address.api_secret, address.password):
        assert secret.encode() in kept
        assert_absent([secret], files)
    signed = [
        line for data in files.values() for line in data.split(b"\n") if b"Signature=" in line
    ]
    assert all(b"Signature=***" in line for line in signed), signed
    assert_absent([address.api_secret], {Path("records"): caplog.text.encode()})
    for path in [places.data, places.cache, places.logs]:
        for one in [path, *path.rglob("*")]:
            mode = stat.S_IMODE(one.stat().st_mode)
            assert mode == (0o700 if one.is_dir() else 0o600), f"{one}: {mode:o}"


async def test_a_removed_account_leaves_nothing_behind(qt_loop: Any, tmp_path: Path) -> None:
    async with library_server() as server, desk(tmp_path / "d") as program:
        record = new_record("Ember Valley", base_url=server.base_url)
        record, _ = await program.workspaces.add(record, KEYS, is_session_only=True)
        program.workspaces.activate(record.id)
        await shown(program, 3)
        await work(program, await items(program), tmp_path / "out")
        assert leftovers(tmp_path / "d", record.id)
        await program.workspaces.remove(record.id)
        assert not leftovers(tmp_path / "d", record.id)
        assert program.workspaces.active.id == "local"


def leftovers(folder: Path, workspace_id: str) -> list[Path]:
    """Return the files and folders that are named for a workspace."""
    return [path for path in folder.rglob("*") if workspace_id in path.name]
