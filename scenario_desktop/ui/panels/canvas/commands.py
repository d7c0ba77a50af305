"""What can be done on a canvas, with the keys that Krita and Photoshop have for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from scenario_desktop.canvas.format import GroupLayer
from scenario_desktop.ui.commands import Command
from scenario_desktop.ui.panels.canvas.layers import masking
from scenario_desktop.ui.panels.canvas.tools.rail import TOOLS
from scenario_desktop.ui.panels.canvas.tools.settings import LOOKING, ToolId
from scenario_desktop.ui.panels.keys.view import PageKeys

if TYPE_CHECKING:
    from scenario_desktop.ui.panels.canvas.controller import CanvasController
    from scenario_desktop.ui.panels.canvas.layers.layer_actions import LayerActions

TOOLS_GROUP, LAYERS_GROUP, VIEW_GROUP = "Tools", "Layers", "Canvas view"
MASKS_GROUP = "Layer mask"
#: For the sheet of keys; what the stage handles itself has no command.
KEYS = PageKeys(
    (TOOLS_GROUP, LAYERS_GROUP, MASKS_GROUP, VIEW_GROUP, "Canvas"),
    "With the pointer",
    (
        ("Hand, while it is held", "Space"),
        ("Zoom", "Wheel"),
        ("Take a colour with the brush", "Alt"),
        ("Go on straight from the last stroke", "Shift"),
        ("Keep to 15° or to one axis", "Shift"),
        ("Opacity of the brush or the layer, 10 % to 100 %", "1, 0"),
        ("Choose one more layer, or one less", "Ctrl+Click"),
        ("Pull from the middle", "Alt"),
        ("Do not snap", "Ctrl"),
        ("Nudge the layer, by ten", "Up, Shift+Up"),
        ("Apply the crop, drop it", "Return, Escape"),
    ),
)


#: R draws rectangles in many editors, and would lead off the canvas as the window's own key.
_MORE_KEYS: dict[ToolId, tuple[str, ...]] = {ToolId.RECTANGLE: ("R",)}


def commands_of(controller: CanvasController) -> tuple[Command, ...]:
    """Return all commands of the page; they are offered while it is in front."""
    editor, page, settings = controller.editor, controller.page, controller.settings
    layers, run = controller.layers, controller.actions

    def read_only() -> str:
        return editor.read_only

    def no_layer() -> str:
        return editor.read_only or ("" if editor.active is not None else "There is no layer")

    def nothing() -> str:
        return "" if editor.active is not None else "There is no layer"

    def no_group() -> str:
        is_group = isinstance(editor.active, GroupLayer)
        return editor.read_only or ("" if is_group else "The layer is no group")

    def no_selection() -> str:
        return "" if editor.selection is not None else "Nothing is selected"

    tools = tuple(
        Command(
            f"canvas.tool.{tool}", f"Tool: {title}", partial(settings.set_tool, tool),
            group=TOOLS_GROUP, icon=icon, shortcut=key, more_shortcuts=_MORE_KEYS.get(tool, ()),
            reason=read_only if tool not in LOOKING else _never,
        )
        for tool, title, icon, key in (entry for entry in TOOLS if entry is not None)
    )  # fmt: skip
    return (
        Command("canvas.save", "Save snapshot", controller.save, group="Canvas", icon="camera",
                shortcut="Ctrl+S", words="keep store"),
        Command("canvas.copy_as", "Save as copy", run["copy"].trigger, group="Canvas",
                icon="copy-plus", shortcut="Ctrl+Shift+S"),
        Command("canvas.rename", "Rename the canvas", page.title.edit, group="Canvas",
                icon="pencil", shortcut="F2", words="name title"),
        Command("canvas.export", "Export the canvas…", run["export"].trigger, group="Canvas",
                icon="upload", shortcut="Ctrl+Shift+E", words="png jpeg webp"),
        Command("canvas.detect", "Detect from canvas", run["detect"].trigger, group="Canvas",
                icon="scan-line"),
        Command("canvas.detect_layer", "Detect from layer", run["detect_layer"].trigger,
                group="Canvas", icon="scan-line", reason=nothing, words="control map"),
        Command("canvas.close", "Close the canvas", run["close"].trigger, group="Canvas",
                icon="arrow-left", shortcut="Ctrl+W"),
        Command("canvas.copy", "Copy the layer", controller.pictures.copy, group=LAYERS_GROUP,
                icon="copy", shortcut="Ctrl+C", reason=layers.why_not_copy),
        Command("canvas.cut", "Cut the layer", controller.pictures.cut, group=LAYERS_GROUP,
                shortcut="Ctrl+X", reason=layers.why_not_cut),
        Command("canvas.paste", "Paste as a layer", run["paste"].trigger, group=LAYERS_GROUP,
                shortcut="Ctrl+V", reason=read_only),
        Command("canvas.select_all", "Select all", layers.select_all, group="Canvas",
                icon="square-dashed", shortcut="Ctrl+A", words="selection area"),
        Command("canvas.deselect", "Deselect", controller.deselect, group="Canvas",
                shortcut="Ctrl+D", more_shortcuts=("Ctrl+Shift+A",), reason=no_selection,
                words="remove the selection"),
        Command("canvas.clear", "Delete the layer or what is selected", layers.delete,
                group=LAYERS_GROUP, icon="trash-2", shortcut="Delete",
                more_shortcuts=("Backspace",), reason=no_layer, is_dangerous=True),
        Command("canvas.add_layer", "Add a layer", editor.add_paint_layer, group=LAYERS_GROUP,
                icon="plus", shortcut="Ctrl+Shift+N", reason=read_only),
        Command("canvas.duplicate", "Duplicate the layer", layers.duplicate, group=LAYERS_GROUP,
                icon="copy-plus", shortcut="Ctrl+Shift+D", reason=no_layer),
        Command("canvas.merge", "Merge the layer down", layers.merge, group=LAYERS_GROUP,
                icon="merge", shortcut="Ctrl+E", reason=layers.why_not_merge),
        Command("canvas.group", "Group the layer", layers.group, group=LAYERS_GROUP,
                icon="folder-plus", shortcut="Ctrl+G", reason=no_layer),
        Command("canvas.ungroup", "Ungroup", layers.ungroup, group=LAYERS_GROUP, icon="ungroup",
                shortcut="Ctrl+Shift+G", reason=no_group),
        Command("canvas.merge_group", "Merge the group", layers.merge_group, group=LAYERS_GROUP,
                icon="merge", reason=no_group, words="flatten apply mask"),
        *_order_commands(layers, no_layer),
        Command("canvas.next_blend", "Next blend mode", partial(layers.step_blend, 1),
                group=LAYERS_GROUP, icon="blend", shortcut="Shift++",
                more_shortcuts=("Shift+=",), reason=no_layer),
        Command("canvas.last_blend", "Previous blend mode", partial(layers.step_blend, -1),
                group=LAYERS_GROUP, icon="blend", shortcut="Shift+-",
                more_shortcuts=("Shift+_",), reason=no_layer),
        *_opacity_commands(layers, no_layer),
        *_mask_commands(layers),
        Command("canvas.bigger", "Larger brush", partial(settings.step_size, 1), group=TOOLS_GROUP,
                shortcut="]"),
        Command("canvas.smaller", "Smaller brush", partial(settings.step_size, -1),
                group=TOOLS_GROUP, shortcut="["),
        Command("canvas.swap", "Swap the colours", settings.swap_colors, group=TOOLS_GROUP,
                shortcut="X"),
        Command("canvas.colors", "Black and white", settings.reset_colors, group=TOOLS_GROUP,
                shortcut="D"),
        Command("canvas.zoom_in", "Zoom in", page.zoom_in, group=VIEW_GROUP, icon="zoom-in",
                shortcut="Ctrl++", more_shortcuts=("Ctrl+=",)),
        Command("canvas.zoom_out", "Zoom out", page.zoom_out, group=VIEW_GROUP, icon="zoom-out",
                shortcut="Ctrl+-"),
        Command("canvas.fit", "Fit the canvas", page.fit, group=VIEW_GROUP, icon="maximize",
                shortcut="Ctrl+0"),
        Command("canvas.actual", "Show at 100\u00a0%", page.actual_size, group=VIEW_GROUP,
                shortcut="Ctrl+1"),
        Command("canvas.grid", "Show or hide the pixel grid", page.stage.toggle_grid,
                group=VIEW_GROUP, shortcut="Ctrl+'"),
        Command("canvas.rulers", "Show or hide the rulers", settings.toggle_rulers,
                group=VIEW_GROUP, shortcut="Ctrl+R"),
        *tools,
    )  # fmt: skip


def _order_commands(layers: LayerActions, reason: Callable[[], str]) -> tuple[Command, ...]:
    """Return how layers come to lie over or under others."""
    return tuple(
        Command(f"canvas.{name}", f"Move the layer {way}",
                partial(layers.raise_, is_up=is_up, is_to_end=is_to_end),
                group=LAYERS_GROUP, icon="layers", shortcut=keys, more_shortcuts=more,
                reason=reason, words="order raise lower front back")
        for name, way, is_up, is_to_end, keys, more in (
            ("raise", "up", True, False, "Ctrl+]", ()),
            ("lower", "down", False, False, "Ctrl+[", ()),
            ("to_top", "to the top", True, True, "Ctrl+Shift+]", ("Ctrl+}",)),
            ("to_bottom", "to the bottom", False, True, "Ctrl+Shift+[", ("Ctrl+{",)),
        )
    )  # fmt: skip


def _opacity_commands(layers: LayerActions, reason: Callable[[], str]) -> tuple[Command, ...]:
    """Return what the digits do; the palette and the sheet would be full of them."""
    return tuple(
        Command(f"canvas.opacity_{percent}", f"Opacity {percent}\u00a0%",
                partial(layers.set_opacity, percent), group=LAYERS_GROUP, icon="blend",
                more_shortcuts=(str(percent // 10 % 10),), is_listed=False, reason=reason)
        for percent in range(10, 101, 10)
    )  # fmt: skip


def _mask_commands(layers: LayerActions) -> tuple[Command, ...]:
    """Return what is done with the mask of the chosen layer."""
    return tuple(
        Command(
            f"canvas.mask_{deed.name}", deed.title, partial(layers.mask, deed),
            group=MASKS_GROUP, icon=deed.icon, shortcut=deed.key,
            reason=partial(layers.why_not_mask, deed), note=partial(layers.mask_note, deed),
            words="hide selection",
        )
        for deed in masking.DEEDS
    )  # fmt: skip


def _never() -> str:
    return ""
