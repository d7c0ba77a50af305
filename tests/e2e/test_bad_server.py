"""A server that fails in every known way: the window says what and what next, keeps what it has,
and comes back by itself."""

from __future__ import annotations

import functools
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.transport import Call, Transport
from scenario_desktop.app import Program
from scenario_desktop.services import sync_loop
from scenario_desktop.services.credentials import Secret
from scenario_desktop.services.workspaces import new_record
from tests.e2e.desk import (
    PATIENCE_S,
    desk,
    error_card,
    items,
    says,
    session_of,
    shown,
    state_text,
)
from tests.e2e.library_server import LibraryServer, library_server
from tests.fault_server import Request, Script, close, hang, head, reset, whole
from tests.support import until

KEYS = Secret("api_canary", "canary-secret")


class Hurry:
    """How long an answer is waited for: as long as on a busy machine, unless none will come."""

    limit_s = 20.0


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> Hurry:
    """Shorten every wait that would be a matter of taste, not of logic."""
    short = functools.partial(
        sync_loop.SyncTimes, idle_s=0.3, first_wait_s=0.2, longest_wait_s=0.4, tidy_s=0.5
    )
    monkeypatch.setattr(sync_loop, "SyncTimes", short)
    monkeypatch.setattr("scenario_desktop.api.transport._FIRST_PAUSE_S", 0.01)
    attempt, hurry = Transport._attempt, Hurry()

    async def hasty(self: Transport, call: Call, seconds: float) -> Any:
        return await attempt(self, call, min(seconds, hurry.limit_s))

    monkeypatch.setattr(Transport, "_attempt", hasty)
    return hurry


@asynccontextmanager
async def connected(folder: Path, server: LibraryServer) -> AsyncIterator[Program]:
    """Run the program with the account open in its window."""
    async with desk(folder) as program:
        await connect(program, server)
        await shown(program, len(server.assets))
        await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
        yield program


async def connect(program: Program, server: LibraryServer) -> str:
    record = new_record("Ember Valley", base_url=server.base_url)
    record, _ = await program.workspaces.add(record, KEYS, is_session_only=True)
    program.workspaces.activate(record.id)
    await until(
        lambda: program.session is not None and program.session.workspace_id == record.id,
        timeout_s=PATIENCE_S,
    )
    return record.id


def notice(program: Program) -> str:
    return program.workbench.gallery.view.notice


PAGE = whole(200, b"<!doctype html><h1>Sign in to the <b>wifi</b></h1>", Content_Type="text/html")
CUT = whole(200, b'{"assets": [{"id": "asset_1", "na', Content_Type="application/json")
QUOTA = whole(429, {"error": "Plan limit", "reason": "Quota exceeded for your plan"})
BUSY = whole(429, {"reason": "Too many", "details": {"actionName": "detect", "actionLimit": 3}})
MOVED = whole(302, b"", Location="https://evil.example/")
LATER = whole(429, {"reason": "slow down"}, Retry_After=3600)
OFF = "You are offline. All that is listed here can be searched and tagged"
FAILED, BROKEN = "Sync failed", "The answer of the server is cut off or garbled. Try again."

#: fault → what the top bar says, and how the notice over the gallery begins
FAULTS: dict[str, tuple[Script, str, str]] = {
    "html": (PAGE, FAILED, "The server sent a web page instead of data. Check the address"),
    "cut-json": (CUT, FAILED, BROKEN),
    "other-json": (whole(200, [1, 2]), FAILED, "The server sent something else than was asked"),
    "empty": (whole(200, b""), FAILED, "The server sent an empty answer. Try again."),
    "503": (whole(503, {"reason": "down"}), FAILED, "The server reports a fault of its own. Try"),
    "500-html": (whole(500, b"<h1>oops</h1>"), FAILED, "The server reports a fault of its own."),
    "401": (whole(401, {"reason": "bad"}), "Keys refused", "The keys were refused. Check the key"),
    "403": (whole(403, {"reason": "plan"}), FAILED, "The keys do not allow this. Check"),
    "429-rate": (LATER, FAILED, "Too many requests in a short time. Try again in 60 min."),
    "429-jobs": (BUSY, FAILED, "As many jobs are running as the plan allows (3 at once). Wait"),
    "429-quota": (QUOTA, FAILED, "The plan's quota is used up. See the usage"),
    "redirect": (MOVED, FAILED, "The server answered with an unexpected redirect, which was ref"),
    "reset": ([head(200, Content_Length=9999), b'{"assets": [', reset], "Offline", OFF),
    "early-end": ([head(200, Content_Length=9999), b'{"assets": [', close], "Offline", OFF),
    "nothing": ([hang], "Offline", OFF),
    "no-http": ([b"SSH-2.0-OpenSSH_9.2\r\n\r\n", close], FAILED, "The server does not speak HTTP"),
}  # fmt: skip
#: These would be asked for in vain again and again: the user says when, by a button or a key.
FOR_THE_USER = {"401": "Change the keys…", "429-rate": "Try again"}


async def test_each_fault_is_told_and_passes(qt_loop: Any, tmp_path: Path, hurry: Hurry) -> None:
    async with library_server() as server, connected(tmp_path, server) as program:
        before = await items(program)
        for name, (script, state, said) in FAULTS.items():
            server.fail(script)
            hurry.limit_s = 0.5 if hang in script else Hurry.limit_s
            session_of(program).sync.request()
            await until(lambda: notice(program), timeout_s=PATIENCE_S)
            assert (name, state_text(program)) == (name, state)
            assert notice(program).startswith(said), name
            server.fail(None)
            if name in FOR_THE_USER:
                assert says(program, FOR_THE_USER[name])
                program.workbench.commands.run("library.sync")
            await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
            assert (name, notice(program), error_card(program)) == (name, "", "")
            assert await items(program) == before
            assert program.workbench.gallery.controller.count == len(before)


async def test_a_short_rest_is_kept_and_then_it_goes_on(qt_loop: Any, tmp_path: Path) -> None:
    async with library_server() as server, connected(tmp_path, server) as program:
        server.fail(whole(429, {"reason": "slow down"}, Retry_After=1))
        await until(lambda: notice(program), timeout_s=PATIENCE_S)
        server.fail(None)
        await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)


async def test_without_any_server_the_library_is_there(qt_loop: Any, tmp_path: Path) -> None:
    async with library_server() as server:
        async with connected(tmp_path, server) as program:
            before = await items(program)
        base_url = server.base_url
    async with desk(tmp_path) as program:
        # The key was kept for the session only: it is asked for again, and nothing is gone.
        assert error_card(program).startswith("The key of “Ember Valley” is not kept")
        record = program.workspaces.active
        assert record.base_url == base_url
        await program.workspaces.add(record, KEYS, is_session_only=True)
        program.workbench.retry_requested.emit()
        await shown(program, len(before))
        await until(lambda: state_text(program) == "Offline", timeout_s=PATIENCE_S)
        assert notice(program).startswith(OFF)
        assert await items(program) == before


async def test_what_is_new_or_missing_in_records_is_no_reason_to_fail(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with library_server(1) as server:
        server.add("New words", kind="hologram", source="dreamt", status="queued-v2", futureField=1)
        server.add("New type", metadata={"type": "txt2hologram", "name": "New type", "seed": 2**70})
        server.add("Wrong types", tags="red", collectionIds=None, properties=[], thumbnail="none")
        bare = server.add("")
        for name in list(bare):
            if name != "id":
                del bare[name]
        server.assets["broken"] = {"name": "no id at all"}
        async with desk(tmp_path) as program:
            await connect(program, server)
            await shown(program, 5)
            await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
            names = {item.name for item in await items(program)}
            assert {"Picture 0", "New words", "New type", "Wrong types"} <= names
            gallery, inspector = program.workbench.gallery.controller, program.workbench.inspector
            for item in await items(program):
                gallery.reveal([item.key])
                await until(lambda key=item.key: inspector.keys == (key,))  # type: ignore[misc]
                await until(lambda: not inspector.load.is_busy)
            assert not error_card(program)


@pytest.mark.parametrize("kind", ["same", "circle", "endless"])
async def test_a_list_without_end_is_cut_short_and_told(
    qt_loop: Any, tmp_path: Path, kind: str
) -> None:
    async with library_server() as server:
        tokens = {"same": itertools.repeat("a"), "circle": itertools.cycle("abc"),
                  "endless": (f"t{n}" for n in itertools.count())}[kind]  # fmt: skip

        def paged(request: Request) -> Script | None:
            path, _, query = request.target.partition("?")
            if path != "/v1/assets" or "deleted=true" in query:
                return None
            found = list(server.assets.values())
            return whole(200, {"assets": found, "nextPaginationToken": next(tokens)})

        server.fault = paged
        async with desk(tmp_path) as program:
            await connect(program, server)
            said = "The server repeats its list, so not everything could be loaded. What was loaded"
            await until(lambda: notice(program).startswith(said), timeout_s=PATIENCE_S)
            await shown(program, 3)
            server.fail(None)
            await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
            await shown(program, 3)


async def test_edits_made_meanwhile_wait_and_arrive(qt_loop: Any, tmp_path: Path) -> None:
    async with library_server() as server, connected(tmp_path, server) as program:
        library = session_of(program).library
        key = (await items(program))[0].key
        server.fail(whole(503, {"reason": "down"}))
        await library.edit_tags([key], ["kept"], [])
        assert (await library.items([key]))[key].tags == ("kept",)
        await until(lambda: notice(program), timeout_s=PATIENCE_S)
        assert session_of(program).outbox.waiting == 1
        server.fail(None)
        await until(lambda: session_of(program).outbox.waiting == 0, timeout_s=PATIENCE_S)
        assert any(asset["tags"] == ["kept"] for asset in server.assets.values())
        assert (await library.items([key]))[key].tags == ("kept",)
