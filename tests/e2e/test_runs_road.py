"""Runs in the program itself: from the library to a result and its generation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtWidgets import QLineEdit

from scenario_desktop.app import Program
from scenario_desktop.items import Item
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui.panels.generation.controller import GenerationController
from scenario_desktop.ui.panels.jobs.rows import JobAction
from scenario_desktop.ui.panels.runs.controller import RunsController
from tests.e2e.desk import PATIENCE_S, bring_in, desk, items, press, says, session_of, shown
from tests.support import until


def picture(folder: Path) -> Path:
    file = folder / "Harbour.png"
    Image.linear_gradient("L").resize((96, 64)).convert("RGB").save(file)
    return file


def runs(program: Program) -> RunsController:
    found = program.workbench.runs.controller
    assert found is not None
    return found


def generation(program: Program) -> GenerationController:
    found = program.workbench.generation.controller
    assert found is not None
    return found


async def choose(program: Program, one: Item) -> None:
    gallery = program.workbench.gallery.controller
    program.window.set_page("gallery")
    gallery.reveal([one.key])
    await until(lambda: gallery.chosen_keys() == [one.key])


async def opened(program: Program, command: str, op: Op) -> None:
    assert program.workbench.commands.run(command)
    await until(lambda: program.window.page == "runs" and runs(program).op is op)


def type_in(program: Program, name: str, text: str) -> None:
    field = runs(program)._dock.form.editor(name).findChildren(QLineEdit)[0]
    field.setText(text)
    field.textEdited.emit(text)


async def ended(program: Program, state: JobState) -> str:
    """Wait for the end of the run that is shown, and return what is said of it."""

    def has_ended() -> bool:
        view = runs(program).follower.view()
        return view is not None and view.state is state

    await until(has_ended, timeout_s=PATIENCE_S)
    return runs(program)._page.status.text()


async def test_a_picture_is_adjusted_run_again_and_deleted_with_its_generation(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path / "home") as program:
        bench = program.workbench
        await bring_in(program, [picture(tmp_path)])
        await shown(program, 1)
        (asset,) = await items(program)
        await choose(program, asset)
        await opened(program, "runs.adjust", Op.ADJUST)
        assert [ref.item_id for ref in runs(program).draft.mains] == [asset.id]
        type_in(program, "target_width", "48")
        type_in(program, "target_height", "64")
        adjust = runs(program)._page.adjust
        await until(lambda: adjust.preview is not None)
        preview = adjust.preview
        assert preview is not None
        assert bench.commands.run("runs.run")
        assert (await ended(program, JobState.DONE)).startswith("Done, 1\u00a0picture added")
        await until(lambda: session_of(program).jobs.rows[0].result_ids)
        await shown(program, 2)
        (made,) = [one for one in await items(program) if one.is_prediction]
        assert (made.width, made.height) == (preview.width, preview.height) == (48, 64)

        # From the list of jobs to the same form, with another size, and to its generation.
        row = session_of(program).jobs.rows[0]
        bench.jobs_view.action_requested.emit(row.id, JobAction.EDIT)
        assert runs(program)._dock.values()["target_width"] == 48
        type_in(program, "target_width", "64")
        runs(program).submit()
        await until(lambda: len(session_of(program).jobs.rows) == 2)
        await ended(program, JobState.DONE)
        await shown(program, 3)
        newest = session_of(program).jobs.rows[0]
        bench.jobs_view.action_requested.emit(newest.id, JobAction.OPEN_GENERATION)
        await until(lambda: generation(program)._whole is not None, timeout_s=PATIENCE_S)
        assert program.window.page == "generation"
        assert "Width: 64\u00a0px, was 48\u00a0px" in generation(program)._dock.texts()
        press(program.window, "Revised")
        await until(lambda: not generation(program).revising.is_busy, timeout_s=PATIENCE_S)
        whole = generation(program)._whole
        assert whole is not None
        assert whole.generation.revised

        generation(program)._page.delete_requested.emit()
        await until(lambda: says(program, "goes as a whole"))
        press(program.window, "Delete generation")
        await until(lambda: program.window.page == "gallery", timeout_s=PATIENCE_S)
        await shown(program, 2)


async def test_what_needs_a_model_is_said_before_and_ends_in_that_error(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path / "home") as program:
        await opened(program, "runs.agentic", Op.AGENTIC)
        assert says(program, "needs a learned model, and this computer has none")
        runs(program).submit()
        text = await ended(program, JobState.FAILED)
        assert text.startswith("It ended without a picture")
        await opened(program, "runs.create", Op.GENERATE)
        runs(program).submit()
        assert "learned model" in await ended(program, JobState.FAILED)
