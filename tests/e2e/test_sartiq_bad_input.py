"""Everything that goes wrong with the second service: told, nothing lost, nothing sent twice."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.sartiq.requests import AgenticGenerationCreate
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui.panels.refine.dock import RefineDock
from tests.e2e.desk import (
    PATIENCE_S,
    error_card,
    items,
    press,
    session_of,
    shown,
    state_text,
    toast,
)
from tests.e2e.hostile import encoded, noise
from tests.e2e.sartiq_desk import choose, connected, dialog, dialogs, half_of, item_of, said, shot
from tests.fault_server import Request, Script, hang, reset
from tests.sartiq_server import SartiqServer, refusal, sartiq_server
from tests.support import until

#: Set to keep pictures of what is told.
_SHOTS = os.environ.get("SCENARIO_DESKTOP_TEST_SHOTS")
SHOTS = Path(_SHOTS) if _SHOTS else None


def first(server: SartiqServer, number: int = 0, place: int = 0) -> str:
    """Return the id of a prediction."""
    group = list(server.generations.values())[number]
    found: str = group["predictions"][place]["id"]
    return found


async def delete(program: Any, *item_ids: str, answer: str = "Delete") -> None:
    """Select items, delete them, and agree."""
    await choose(program, *[await item_of(program, one) for one in item_ids])
    assert program.workbench.commands.run("item.delete")
    asked = await dialog(program, "Delete ")
    press(asked, answer)


async def test_what_belongs_to_somebody_else_stays(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(2) as server, connected(tmp_path, server) as program:
        server.foreign.add(first(server))
        await delete(program, first(server))
        told = await dialog(program, "1 item could not be deleted")
        assert "This belongs to somebody else, or your account may not do this." in said(told)
        shot(program, SHOTS, "403")
        press(told, "Close")
        await shown(program, 2)
        assert len(server.requests("DELETE", "/predictions/*")) == 1


async def test_what_is_gone_already_counts_as_deleted(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(3) as server, connected(tmp_path, server) as program:
        gone = first(server)
        item = await item_of(program, gone)
        await choose(program, item)
        server.generations[str(item.group_id)]["predictions"].pop(0)
        assert program.workbench.commands.run("item.delete")
        press(await dialog(program, "Delete "), "Delete")
        await shown(program, 2)
        await until(lambda: toast(program) == "Deleted 1\u00a0item", timeout_s=PATIENCE_S)
        assert len(server.requests("DELETE", "/predictions/*")) == 1


async def test_the_last_of_its_generation_takes_that_along_or_stays(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(2, 1) as server, connected(tmp_path, server) as program:
        left = first(server)
        item = await item_of(program, left)
        await choose(program, item)
        assert program.workbench.commands.run("item.delete")
        asked = await dialog(program, "Delete ")
        assert "goes as a whole" not in said(asked)
        server.generations[str(item.group_id)]["predictions"].pop(1)  # by another client
        press(asked, "Delete")
        told = await dialog(program, "1 item could not be deleted")
        assert "it is the last one of its generation" in said(told)
        assert str(item.group_id) in server.generations
        shot(program, SHOTS, "409")
        press(told, "Delete generation")
        await shown(program, 1)
        assert str(item.group_id) not in server.generations
        assert len(server.requests("DELETE", "/predictions/*")) == 1
        assert len(server.requests("DELETE", "/generations/*")) == 1


async def test_what_others_have_taken_away_is_known_before_it_is_asked(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(2) as server, connected(tmp_path, server) as program:
        item = await item_of(program, first(server))
        await choose(program, item)
        server.generations[str(item.group_id)]["predictions"].pop(1)  # by another client
        assert program.workbench.commands.run("item.delete")
        asked = await dialog(program, "Delete the generation")
        assert "with its 1 prediction and" in said(asked)
        press(asked, "Delete generation")
        await until(lambda: not server.generations, timeout_s=PATIENCE_S)
        assert not server.requests("DELETE", "/predictions/*")


async def test_what_a_server_lacks_is_tried_once_and_then_not_there(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(2) as server, connected(tmp_path, server) as program:
        server.fault = lambda request: (
            refusal(405, "Method Not Allowed") if request.target.endswith("/select") else None
        )
        commands = program.workbench.commands
        await choose(program, await item_of(program, first(server)))
        assert commands.run("item.choose")
        await until(lambda: commands.find("item.choose") is None, timeout_s=PATIENCE_S)
        assert len(server.requests("POST", "/predictions/*/select")) == 1
        assert commands.run("refine.open")
        await until(lambda: server.requests("GET", "/refines/"), timeout_s=PATIENCE_S)
        room = program.workbench.refine
        await room.looking.settle()
        room.open()  # what is not there is not asked for again
        await room.looking.settle()
        assert len(server.requests("GET", "/refines/")) == 1
        assert commands.find("refine.tasks") is None


async def test_a_token_that_ends_in_mid_work_is_asked_for_once(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(1, 1, 1) as server, connected(tmp_path, server) as program:
        before = len(server.requests("POST", "/login/access-token"))
        server.end_sessions()
        await choose(program, *await items(program))
        assert program.workbench.commands.run("item.favourite")
        await until(
            lambda: all(g["predictions"][0]["favourite"] for g in server.generations.values()),
            timeout_s=PATIENCE_S,
        )
        assert len(server.requests("POST", "/login/access-token")) == before + 1
        assert not error_card(program)
        # What creates is sent a second time only because the server has refused the first.
        server.end_sessions()
        await _refine(program, first(server))
        jobs = session_of(program).jobs
        await until(lambda: jobs.rows and jobs.rows[0].result_ids, timeout_s=PATIENCE_S)
        assert len(server.requests("POST", "/generations/refines")) <= 2
        assert len(server.generations) == 3
        (made,) = next(iter(server.generations.values()))["predictions"][0]["refines"]
        assert session_of(program).jobs.rows[0].result_ids == (made["id"],)


async def test_a_password_that_is_refused_in_mid_work_is_told(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        server.end_sessions()
        server.fault = lambda request: (
            refusal(400, "Incorrect email or password") if "login" in request.target else None
        )
        program.workbench.commands.run("library.sync")
        await until(lambda: state_text(program) == "Signed out", timeout_s=PATIENCE_S)
        notice = program.workbench.gallery.view.notice
        assert notice.startswith("Your sign-in has ended, and the password is not taken"), notice
        shot(program, SHOTS, "password")
        logins = len(server.requests("POST", "/login/access-token"))
        for _ in range(3):
            session_of(program).sync.request()
        await until(lambda: state_text(program) == "Signed out", timeout_s=PATIENCE_S)
        assert len(server.requests("POST", "/login/access-token")) == logins
        await shown(program, 1)


async def _refine(program: Any, *item_ids: str) -> None:
    await choose(program, *[await item_of(program, one) for one in item_ids])
    assert program.workbench.commands.run("refine.open")
    panel = program.workbench.refine.controller
    await until(lambda: len(panel.inputs) == len(item_ids))
    assert panel.why_not() == []
    panel.submit()
    asked = await dialog(program, "Refine 1 item?")
    assert "Sartiq gives no price in advance" in said(asked)
    press(asked, f"Refine 1{NO_BREAK}item")


async def test_lists_that_are_null_are_empty(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(2) as server, connected(tmp_path, server) as program:
        await _refine(program, first(server))  # its answer is full of nulls, too
        await until(lambda: session_of(program).jobs.rows, timeout_s=PATIENCE_S)
        await until(lambda: session_of(program).jobs.rows[0].result_ids, timeout_s=PATIENCE_S)
        assert session_of(program).jobs.rows[0].state is JobState.DONE
        assert not error_card(program)
        assert len(server.requests("POST", "/generations/refines")) == 1


async def test_stats_that_never_add_up_do_not_hold_a_run_back(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        server.stats = {"total": 4, "completed": 1, "error": 1, "status": "weiter"}
        server.done = "fertig"
        await _refine_file(program, tmp_path)
        jobs = session_of(program).jobs
        await until(lambda: jobs.rows and jobs.rows[0].result_ids, timeout_s=PATIENCE_S)
        assert jobs.rows[0].state is JobState.DONE
        assert len(server.requests("POST", "/generations/refines")) == 1


async def _refine_file(program: Any, folder: Path) -> None:
    file = folder / "boat.png"
    file.write_bytes(encoded(noise(3, (64, 48))))
    program.workbench.refine.open()
    panel = program.workbench.refine.controller
    panel.clear()
    panel.adding.trigger([file])
    await until(lambda: panel.inputs and panel.inputs[0].width)
    assert panel.why_not() == []
    panel.submit()
    asked = await dialog(program, "Refine 1 item?")
    assert "Sartiq gives no price in advance" in said(asked)
    press(asked, f"Refine 1{NO_BREAK}item")


async def test_an_agentic_run_may_end_without_a_picture(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        server.agentic = {
            "shot_id": "shot-1", "status": "failed", "total_attempts": 3, "max_attempts": 3,
            "current_attempt": 3, "final_image_url": None, "best_confidence": None,
            "error_message": None, "started_at": None, "completed_at": "2026-11-20T12:00:00Z",
            "duration_seconds": 9, "attempts": [], "orchestration_metadata": None,
        }  # fmt: skip
        runs = half_of(program).runs
        await runs.submit(Op.AGENTIC, AgenticGenerationCreate(), is_confirmed=True)
        await until(lambda: session_of(program).jobs.rows, timeout_s=PATIENCE_S)
        row = session_of(program).jobs.rows[0].id
        await until(
            lambda: session_of(program).jobs.view(row).state is JobState.FAILED,  # type: ignore[union-attr]
            timeout_s=PATIENCE_S,
        )
        view = session_of(program).jobs.view(row)
        assert view is not None
        told = view.error.replace(NO_BREAK, " ")
        assert told == "It ended after 3 attempts without a picture."
        program.window.show_jobs(True)
        shot(program, SHOTS, "agentic")
        assert len(server.requests("POST", "/generations/agentic")) == 1


async def test_an_upload_whose_address_has_expired_is_told_and_can_be_repeated(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        server.is_put_expired = True
        await _refine_file(program, tmp_path)
        jobs = session_of(program).jobs
        await until(lambda: jobs.rows and jobs.rows[0].state is JobState.NOT_SENT,
                    timeout_s=PATIENCE_S)  # fmt: skip
        assert "refused it at two addresses" in jobs.rows[0].error.replace(NO_BREAK, " ")
        assert not server.requests("POST", "/generations/refines")
        dock = program.window.findChildren(RefineDock)[0]
        await until(lambda: "was not uploaded" in said(dock), timeout_s=PATIENCE_S)
        shot(program, SHOTS, "expired")
        server.is_put_expired = False
        await jobs.send_again(jobs.rows[0].id, is_confirmed=True)
        await until(lambda: jobs.rows[0].result_ids, timeout_s=PATIENCE_S)
        assert len(server.requests("POST", "/generations/refines")) == 1
        assert len(server.generations) == 2


@pytest.mark.parametrize("cut", [reset, hang], ids=["reset", "hang"])
async def test_an_answer_that_is_lost_leaves_doubt_and_no_second_request(
    qt_loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Any
) -> None:
    monkeypatch.setattr("scenario_desktop.api.sartiq.client.BILLED_S", 1.0)
    async with sartiq_server(2) as server, connected(tmp_path, server) as program:

        def lose(request: Request) -> Script | None:
            if not request.target.endswith("/generations/refines"):
                return None
            server._refine(json.loads(request.body))
            return [cut]

        server.fault = lose
        await _refine(program, first(server))
        jobs = session_of(program).jobs
        await until(lambda: jobs.rows and jobs.rows[0].state is JobState.UNCERTAIN,
                    timeout_s=PATIENCE_S)  # fmt: skip
        server.fault = None
        program.window.show_jobs(True)
        shot(program, SHOTS, "lost")
        await jobs.look_again(jobs.rows[0].id)
        await until(lambda: jobs.rows[0].state in (JobState.DONE, JobState.UNCERTAIN))
        assert len(server.requests("POST", "/generations/refines")) == 1


@pytest.mark.timeout(150)
async def test_five_thousand_go_in_parts_and_none_twice(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(*[25] * 200) as server, connected(tmp_path, server) as program:
        told: list[str] = []
        gallery = program.workbench.gallery
        gallery.view.grid.choose_all()
        await until(lambda: gallery.controller.chosen_count == 5_000, timeout_s=PATIENCE_S)
        assert program.workbench.commands.run("item.delete")
        asked = await dialog(program, "Delete 5,000 items for good?")
        assert "200 generations go as a whole, with their 5,000 predictions" in said(asked)
        shot(program, SHOTS, "5000")
        press(asked, "Delete")

        def is_over() -> bool:
            told.extend(said(one) for one in dialogs(program))
            is_told = toast(program).replace("\u00a0", " ") == "Deleted 5,000 items"
            return not server.generations and is_told

        await until(is_over, timeout_s=2 * PATIENCE_S)
        await shown(program, 0)
        sent: Counter[str] = Counter()
        calls = server.requests("POST", "/predictions/bulk-delete")
        for call in calls:
            sent.update(json.loads(call.body)["prediction_ids"])
        assert len(sent) == 5_000
        assert set(sent.values()) == {1}
        assert len(calls) == 50
        assert any("of 5,000 items are done" in text for text in told)
