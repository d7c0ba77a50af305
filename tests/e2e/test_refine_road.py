"""From a picture to its larger version and on to a version of that, in the program itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from scenario_desktop.app import Program
from scenario_desktop.items import Item
from scenario_desktop.ui.panels.refine.controller import RefineController
from scenario_desktop.ui.panels.refine.state import Stage
from tests.e2e.desk import PATIENCE_S, bring_in, desk, items, press, session_of, shown
from tests.support import until


def picture(folder: Path) -> Path:
    image = Image.linear_gradient("L").resize((96, 64)).convert("RGB")
    file = folder / "Harbour.png"
    image.save(file)
    return file


def controller(program: Program) -> RefineController:
    found = program.workbench.refine.controller
    assert found is not None
    return found


async def refined(program: Program) -> None:
    """Press the button and wait until every input has its result."""
    panel = controller(program)
    assert panel.why_not() == []
    panel.submit()
    await until(lambda: all(stages(panel)), timeout_s=PATIENCE_S)


def stages(panel: RefineController) -> list[bool]:
    """Return which of the inputs are done."""
    return [panel.follower.progress(one.key).stage is Stage.DONE for one in panel.inputs]


async def choose(program: Program, one: Item) -> None:
    gallery = program.workbench.gallery.controller
    program.window.set_page("gallery")
    gallery.reveal([one.key])
    await until(lambda: gallery.chosen_keys() == [one.key])


async def test_a_picture_is_refined_and_its_result_refined_again(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path / "home") as program:
        bench = program.workbench
        await bring_in(program, [picture(tmp_path)])
        await shown(program, 1)
        (asset,) = await items(program)
        await choose(program, asset)
        assert bench.commands.run("refine.open")
        await until(lambda: controller(program).inputs)
        await refined(program)
        page = controller(program)._page
        await until(lambda: page.compare.has_second, timeout_s=PATIENCE_S)
        press(program.window, "Side by side")
        await shown(program, 2)
        (made,) = [one for one in await items(program) if one.is_prediction]
        assert (made.width, made.height) == (192, 128)

        await choose(program, made)
        assert bench.commands.run("refine.open")
        await until(lambda: [one.name for one in controller(program).inputs] == [made.name])
        await refined(program)
        (version,) = await session_of(program).library.children(made)
        assert version.is_refine
        assert (version.width, version.height) == (384, 256)
