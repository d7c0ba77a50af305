"""What keys and the palette do on a canvas, and when they say why not."""

from __future__ import annotations

from scenario_desktop.ui.panels.canvas.commands import KEYS
from scenario_desktop.ui.panels.keys.view import groups_of
from tests.widget.canvas_panel_support import canvases, opened, panel, pictures, window

__all__ = ["canvases", "panel", "pictures", "window"]


async def test_every_command_has_a_reason_or_works(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    keys = [c.shortcut for c in panel.commands() if c.shortcut]
    assert len(keys) == len(set(keys))
    panel.editor.set_read_only("looking")
    blocked = {c.id for c in panel.commands() if c.reason() == "looking"}
    assert {"canvas.tool.brush", "canvas.paste", "canvas.merge"} <= blocked
    assert "canvas.tool.hand" not in blocked


async def test_letters_of_the_window_do_not_lead_off_the_canvas(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    keys = {key for one in panel.commands() for key in (one.shortcut, *one.more_shortcuts)}
    assert {"R", "D", "T", "U"} <= keys


async def test_a_group_is_taken_apart_by_its_key(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    commands = {command.id: command for command in panel.commands()}
    panel.editor.set_active("p")
    assert commands["canvas.ungroup"].reason() == "The layer is no group"
    commands["canvas.group"].run()
    assert commands["canvas.ungroup"].reason() == ""
    commands["canvas.ungroup"].run()
    assert panel.editor.document.layer("p").parent == ""
    assert panel.editor.history.done[-1].name == "Ungroup Group 1"


async def test_layer_masks_have_keys_and_selections_are_not_called_masks(
    qt_loop, panel, canvases
) -> None:
    await opened(panel, canvases)
    commands = {command.id: command for command in panel.commands()}
    sheet = dict(groups_of(panel.commands(), KEYS))
    assert len(sheet["Layer mask"]) == 6
    selecting = ("canvas.select_all", "canvas.deselect", "canvas.clear", "canvas.tool.mask")
    assert not any("mask" in commands[one].title.lower() for one in selecting)
    panel.editor.set_active("p")
    add = commands["canvas.mask_add"]
    assert (add.reason(), add.note()) == ("", "")
    commands["canvas.select_all"].run()
    assert add.note() == "from the selection"
    add.run()
    assert panel.editor.document.layer("p").mask is not None
    assert add.reason() == "The layer has a mask"
    commands["canvas.mask_delete"].run()
    assert panel.editor.document.layer("p").mask is None
    assert commands["canvas.merge_group"].reason() == "The layer is no group"
