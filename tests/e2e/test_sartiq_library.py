"""A journey with pictures of both services in one gallery."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

from PIL import Image
from PySide6.QtWidgets import QAbstractButton

from scenario_desktop.api.models.sartiq.refines import RefineGenerationRequest
from scenario_desktop.api.models.sartiq.tools import ImageAdjusterRequest
from scenario_desktop.app import Program
from scenario_desktop.items import Item, ItemQuery, Source
from scenario_desktop.ui.dialogs import Dialog
from tests.e2e.desk import PATIENCE_S, desk, session_of, shown
from tests.support import until


def pixels() -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((320, 200)).convert("RGB").save(target, "PNG")
    return target.getvalue()


async def theirs(program: Program) -> list[Item]:
    library = session_of(program).library
    found = await library.items(await library.keys(ItemQuery(sources=(Source.SARTIQ,))))
    return list(found.values())


async def versions_of(program: Program, item: Item) -> list[Item]:
    found = await session_of(program).library.children(item)
    return [version for version in found if version.status == "success"]


async def test_a_prediction_comes_is_marked_refined_and_deleted(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path) as program:
        session = session_of(program)
        half = session.sartiq
        assert half is not None
        path = await half.client.upload("boat.png", "image/png", pixels())
        request = ImageAdjusterRequest(base_img_path=path, target_width=240, target_height=240)
        await half.items.absorb([await half.client.adjust_image(request)])
        await shown(program, 1)
        (item,) = await theirs(program)
        await until(lambda: not session.sync.status.error, timeout_s=PATIENCE_S)

        async with asyncio.timeout(PATIENCE_S):
            while (item := (await theirs(program))[0]).status != "success":
                await half.items.bring([str(item.group_id)])
        gallery = program.workbench.gallery.controller
        gallery.show_key(item.key)
        commands = program.workbench.commands
        await until(lambda: gallery.chosen_keys() == [item.key])
        assert commands.run("item.favourite")
        favourite = program.workbench.items.actions["favourite"]
        await favourite.settle()
        assert (await half.client.get_prediction(item.id)).favourite

        refine = RefineGenerationRequest(prediction_ids=(item.id,), scale_factor=2.0)
        await half.client.refine(refine)
        async with asyncio.timeout(PATIENCE_S):
            while not (versions := await versions_of(program, item)):
                await half.items.bring([str(item.group_id)])
        assert (versions[0].width, versions[0].height) == (480, 480)
        assert gallery.count == 1  # a refine lies on its prediction

        gallery.show_key(item.key)
        assert commands.run("item.delete")
        await until(lambda: program.window.findChildren(Dialog))
        (dialog,) = program.window.findChildren(Dialog)
        buttons = {b.text(): b for b in dialog.findChildren(QAbstractButton)}
        buttons["Delete generation"].click()
        await shown(program, 0)
        assert (await half.client.list_generations()).data == ()
