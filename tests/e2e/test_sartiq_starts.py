"""A training or refine task whose answer is lost: told plainly, kept, and never sent again."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.errors import AppError
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.jobs import NOT_LISTED
from scenario_desktop.services.usage.ranges import Preset
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.forms.json_editor import JsonEditor
from tests.e2e.desk import PATIENCE_S, error_card, press, session_of
from tests.e2e.sartiq_desk import connected, dialog, half_of, said, shot
from tests.fault_server import Connection, Request, Script, close, hang, reset, whole
from tests.sartiq_server import SartiqServer, refusal, sartiq_server
from tests.support import until

_SHOTS = os.environ.get("SCENARIO_DESKTOP_TEST_SHOTS")
SHOTS = Path(_SHOTS) if _SHOTS else None
BODY = {"subject": "boots"}
Cut = Callable[[Connection], Awaitable[None]]


def losing(server: SartiqServer, path: str, *cut: Any) -> None:
    """Let the server have a list at that path, and lose its answer to what is started there."""

    def fault(request: Request) -> Script | None:
        if not request.target.split("?")[0].endswith(path):
            return None
        return list(cut) if request.method == "POST" else whole(200, {"data": [], "count": 0})

    server.fault = fault


def fill(asked: Dialog) -> None:
    (editor,) = asked.findChildren(JsonEditor)
    editor.set_value(BODY)
    editor.edited.emit()


@pytest.mark.parametrize("cut", [hang, reset, close], ids=["hang", "reset", "close"])
async def test_a_training_of_which_nobody_knows_is_told_and_not_sent_twice(
    qt_loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Cut
) -> None:
    monkeypatch.setattr("scenario_desktop.api.sartiq.client.BILLED_S", 1.0)
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        losing(server, "/training/", cut)
        program.workbench.training.open()
        controller = program.workbench.training.controller
        assert controller is not None
        controller.starting.trigger()
        asked = await dialog(program, "Start a training")
        fill(asked)
        press(asked, "Start training")
        await until(lambda: "Nobody knows" in error_card(program), timeout_s=PATIENCE_S)
        assert "not sent again by itself" in error_card(program)
        (view,) = session_of(program).jobs.rows
        assert (view.state, view.hint) == (JobState.UNCERTAIN, NOT_LISTED)
        program.window.show_jobs(True)
        shot(program, SHOTS, "training-lost")
        usage = session_of(program).usage
        found = await usage.comparison(usage.preset(Preset.WEEK))
        assert (found.unpriced.count, len(found.jobs), str(found.charged)) == (1, 0, "0")
        (sent,) = server.requests("POST", "/training/")
        assert json.loads(sent.body) == BODY


@pytest.mark.parametrize("cut", [hang, close], ids=["hang", "close"])
async def test_so_is_a_refine_task(
    qt_loop: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: Cut
) -> None:
    monkeypatch.setattr("scenario_desktop.api.sartiq.client.BILLED_S", 1.0)
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        losing(server, "/refines/", cut)
        assert await half_of(program).refine_tasks.look()
        program.workbench.refine.open_tasks()
        tasks = await dialog(program, "Refine tasks")
        await until(lambda: "lists no refine tasks" in said(tasks), timeout_s=PATIENCE_S)
        press(tasks, "New task…")
        asked = await dialog(program, "Start a refine task")
        fill(asked)
        press(asked, "Start task")
        await until(lambda: "Nobody knows whether the refine task" in said(tasks),
                    timeout_s=PATIENCE_S)  # fmt: skip
        shot(program, SHOTS, "refine-task-lost")
        (view,) = session_of(program).jobs.rows
        assert (view.state, view.title) == (JobState.UNCERTAIN, "Refine task")
        assert len(server.requests("POST", "/refines/")) == 1


async def test_what_the_server_refuses_or_takes_is_kept_as_that(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        half, jobs = half_of(program), session_of(program).jobs
        losing(server, "/training/", *refusal(422, "steps is missing"))
        with pytest.raises(AppError):
            await half.trainings.start_training(BODY)
        assert jobs.rows[0].state is JobState.FAILED
        losing(server, "/training/", *whole(200, {"task_id": "t7"}))
        assert await half.trainings.start_training(BODY) == {"task_id": "t7"}
        await until(lambda: jobs.rows[0].state is JobState.DONE, timeout_s=PATIENCE_S)
        assert jobs.rows[0].job_id == "training:t7"
        assert len(server.requests("POST", "/training/")) == 2
