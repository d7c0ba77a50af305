"""Sizes that a refine cannot have: said at the form, and nothing is sent."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from scenario_desktop.api.models.sartiq.refines import RefineGenerationRequest
from scenario_desktop.ui.panels.refine.dock import RefineDock
from tests.e2e.desk import says
from tests.e2e.sartiq_desk import choose, connected, item_of
from tests.sartiq_server import sartiq_server
from tests.support import until

PREDICTION = "3f2a9c10-5d1e-4b7a-9c52-0123456789ff"


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({}, "Choose a scale, or a width and a height."),
        ({"width": 400}, "the height is missing"),
        ({"height": 400}, "the width is missing"),
        ({"scale_factor": 3}, "The scale can be 2, 4 or 8."),
        ({"scale_factor": 0}, "The scale can be 2, 4 or 8."),
        ({"scale_factor": -1}, "The scale can be 2, 4 or 8."),
        ({"scale_factor": math.nan}, "finite"),
        ({"width": 0, "height": 10}, "greater than 0"),
        ({"width": 10, "height": -1}, "greater than 0"),
        ({"width": math.nan, "height": 10}, "finite"),
    ],
)
def test_no_request_holds_a_wrong_size(sizes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RefineGenerationRequest(prediction_ids=(PREDICTION,), **sizes)


async def test_the_form_says_what_is_missing_and_sends_nothing(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with sartiq_server(2) as server, connected(tmp_path, server) as program:
        group = next(iter(server.generations.values()))
        await choose(program, await item_of(program, group["predictions"][0]["id"]))
        assert program.workbench.commands.run("refine.open")
        panel = program.workbench.refine.controller
        assert panel is not None
        await until(lambda: panel.inputs)
        dock = program.window.findChildren(RefineDock)[0]
        dock.show_draft(dock.draft().from_dict({"size": "sides", "width": 400, "is_linked": False}))
        dock.edited.emit()
        await until(lambda: panel.why_not())
        panel.submit()
        assert says(program, panel.why_not()[0])
        assert not server.requests("POST", "/generations/refines")
