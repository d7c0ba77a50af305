"""Every operation of the second service can be reached from a screen: a table, held to the code.

Each row says which method of the client asks for the operation, and which command or button leads
there. The test reads the sources: the method is called outside the client, and the command or the
words stand in the window's code. What is left out is left out for a reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from scenario_desktop.api.sartiq.capabilities import Operation as Announced
from scenario_desktop.api.sartiq.client import SartiqClient
from tests.contract.sartiq_document import OPERATIONS

PACKAGE = Path(__file__).parents[2] / "scenario_desktop"

#: operation -> method of the client, and where a designer finds it.
REACHED = {
    "POST /generations/": ("create_generation", "runs.create"),
    "GET /generations/": ("list_generations", "library.sync"),
    "GET /generations/{id}": ("get_generation", "generation.open"),
    "DELETE /generations/{id}": ("delete_generation", "Delete generation…"),
    "PATCH /generations/{id}": ("update_generation", "Revised"),
    "GET /generations/{id}/stats": ("generation_stats", "generation.open"),
    "POST /generations/by-ids": ("get_generations", "library.sync"),
    "POST /generations/agentic": ("create_agentic", "runs.agentic"),
    "GET /generations/agentic/{shot_id}/status": ("agentic_status", "runs.agentic"),
    "POST /generations/edits": ("edit", "runs.edit"),
    "POST /generations/videos": ("create_video", "runs.video"),
    "POST /generations/background-fix": ("fix_background", "runs.background"),
    "POST /generations/image-adjuster": ("adjust_image", "runs.adjust"),
    "POST /generations/face-fixer": ("fix_faces", "runs.faces"),
    "POST /generations/experimental-task": ("create_experimental_task", "runs.task"),
    "GET /generations/experimental-task/{task_id}": ("get_experimental_task", "runs.task"),
    "POST /generations/refines": ("refine", "refine.run"),
    "GET /training/{task_id}/status": ("training_status", "training.open"),
    "GET /predictions/{id}": ("get_prediction", "item.copy_url"),
    "DELETE /predictions/{id}": ("delete_prediction", "item.delete"),
    "GET /predictions/{id}/revisions": ("list_revisions", "generation.open"),
    "GET /predictions/": ("list_predictions", "library.sync"),
    "POST /predictions/bulk-delete": ("delete_predictions", "item.delete"),
    "PATCH /predictions/{id}/favourite": ("set_favourite", "item.favourite"),
    "GET /refines/predictions/{prediction_id}/refines": ("list_refines", "generation.open"),
    "GET /refines/refines/{refine_id}": ("get_refine", "item.copy_url"),
    "DELETE /refines/refines/{refine_id}": ("delete_refine", "item.delete"),
    "POST /generations/{id}/cancel": ("cancel_generation", "Cancel"),
    "POST /predictions/{id}/select": ("select_prediction", "item.choose"),
    "GET /refines/": ("list_refine_tasks", "refine.tasks"),
    "POST /refines/": ("create_refine_task", "New task…"),
    "GET /refines/{id}": ("get_refine_task", "refine.tasks"),
    "GET /training/": ("list_trainings", "training.open"),
    "POST /training/": ("start_training", "Start training…"),
    "GET /training/{id}": ("get_training", "training.open"),
    "POST /training/{id}/cancel": ("cancel_training", "Cancel training…"),
}
LEFT_OUT = {
    "POST /refines/predictions/bulk-refine": "outdated: one request refines everything now",
    "POST /training/webhook": "the training side calls it, nobody at a window does",
}


@cache
def _trees(folder: str) -> tuple[ast.AST, ...]:
    files = sorted((PACKAGE / folder).rglob("*.py"))
    return tuple(ast.parse(file.read_text(encoding="utf-8")) for file in files)


@cache
def _used() -> frozenset[str]:
    """Return the names of methods that services and window reach for; no definitions."""
    return frozenset(
        node.attr
        for folder in ("services", "ui")
        for tree in _trees(folder)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
    )


@cache
def _words() -> frozenset[str]:
    return frozenset(_constants())


def _constants() -> Iterator[str]:
    for tree in _trees("ui"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_the_table_names_every_operation_once() -> None:
    documented = [str(operation) for operation in OPERATIONS]
    assert sorted([*REACHED, *LEFT_OUT]) == sorted(documented)
    assert len(documented) == 38


@pytest.mark.parametrize("operation", REACHED)
def test_an_operation_is_reached_from_a_screen(operation: str) -> None:
    method, place = REACHED[operation]
    assert callable(getattr(SartiqClient, method, None)), f"the client has no {method}"
    assert method in _used(), f"nobody calls {method}"
    assert place in _words(), f"nothing in the window is called {place}"


@pytest.mark.parametrize("announced", Announced)
def test_what_a_server_may_lack_is_asked_for_before_it_is_offered(announced: Announced) -> None:
    """Somebody asks the capabilities; the client alone does not keep a button away."""
    asked = {
        node.attr
        for tree in _trees("services")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Operation"
    }
    # A task is read only where it was listed, so the list's answer is enough.
    needs = {Announced.GET_REFINE_TASK: Announced.LIST_REFINE_TASKS}
    assert needs.get(announced, announced).name in asked
