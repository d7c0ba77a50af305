"""The spending limit holds for what has no price and no documented form, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.errors import SpendingRefused
from scenario_desktop.ui.workbench.spend import why_no_spending
from tests.e2e.desk import PATIENCE_S, error_card, session_of
from tests.e2e.sartiq_desk import connected, half_of
from tests.fault_server import Request, Script, whole
from tests.sartiq_server import sartiq_server
from tests.support import until

NEVER = "This has no price, and spending is switched off in the settings."


async def test_nothing_leaves_where_spending_is_switched_off(qt_loop: Any, tmp_path: Path) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        half = half_of(program)
        program.settings.update(spending={"mode": "never"})
        told = why_no_spending(session_of(program))
        assert told == f"{NEVER} Change the spending limit in the settings."
        with pytest.raises(SpendingRefused, match="switched off"):
            await half.trainings.start_training({"subject": "a"})
        with pytest.raises(SpendingRefused, match="switched off"):
            await half.refine_tasks.start({"prediction_id": "p"})
        program.workbench.training.open()
        controller = program.workbench.training.controller
        assert controller is not None
        controller.starting.trigger()
        await until(lambda: NEVER in error_card(program), timeout_s=PATIENCE_S)
        assert "in the settings" in error_card(program).removeprefix(NEVER)
        assert not server.requests("POST", "/training/")
        assert not server.requests("POST", "/refines/")


async def test_what_the_dialog_has_asked_about_is_not_asked_again(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(1) as server, connected(tmp_path, server) as program:
        program.settings.update(spending={"mode": "ask_above"})
        assert why_no_spending(session_of(program)) == ""
        server.fault = _starts
        assert await half_of(program).trainings.start_training({"subject": "a"}) == {"id": "t1"}
        assert len(server.requests("POST", "/training/")) == 1


def _starts(request: Request) -> Script | None:
    """Answer like a server that has trainings."""
    is_start = request.method == "POST" and request.target.endswith("/training/")
    return whole(200, {"id": "t1"}) if is_start else None
