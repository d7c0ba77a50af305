"""The gallery's context menus, read from the commands that there are, and its own commands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from scenario_desktop.items import ItemQuery, SortField
from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.panels.gallery.grid import CELL_STEP
from scenario_desktop.ui.panels.gallery.words import SORTS, filter_text
from scenario_desktop.ui.widgets.menu import Menu

if TYPE_CHECKING:
    from scenario_desktop.ui.panels.gallery.controller import GalleryController
    from scenario_desktop.ui.panels.gallery.view import GalleryView

#: What a right click on items offers, by command id; "" is a line. Unknown ones are left out.
ITEMS = (
    "gallery.preview", "item.play", "generation.open", "detect.open", "refine.open", "canvas.open",
    "canvas.place", "",
    "item.copy_url", "item.copy_id", "item.open_in_browser", "item.download",
    "item.download_as", "",
    "item.favourite", "item.choose", "item.tag", "item.rename", "item.add_to_collection", "",
    "item.delete",
)  # fmt: skip
#: The same in the trash, where little else makes sense.
TRASHED = ("gallery.preview", "", "item.copy_id", "item.restore")
BACKGROUND = ("library.import", "gallery.select_all", "", "gallery.filter", "gallery.fit")


def make_menu(commands: CommandRegistry, ids: Iterable[str], parent: QWidget) -> Menu:
    """Make a menu of the commands there are."""
    menu = Menu(parent, name="Items")
    wants_line = False
    for command_id in ids:
        if not command_id:
            wants_line = not menu.isEmpty()
        elif commands.find(command_id) is not None:
            if wants_line:
                menu.addSeparator()
                wants_line = False
            menu.add_command(commands, command_id)
    return menu


def popup(commands: CommandRegistry, ids: Iterable[str], parent: QWidget, point: QPoint) -> None:
    """Open a menu at a global point, unless it would be empty."""
    menu = make_menu(commands, ids, parent)
    if menu.isEmpty():
        menu.deleteLater()
        return
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(point)


def gallery_commands(view: GalleryView, controller: GalleryController) -> list[Command]:
    """Return what can be done with the gallery itself; keys that it handles are shown only."""
    grid = view.grid

    def needs_items() -> str:
        return "" if grid.item_count else "There is nothing here."

    def needs_filter() -> str:
        return "" if filter_text(controller.query) else "No filter is set."

    def needs_current() -> str:
        return "" if grid.selection.current is not None else "Choose a picture first."

    def needs_generations() -> str:
        return "" if controller.has_generations else "This workspace has no generations."

    def preview() -> None:
        controller.preview_requested.emit(grid.selection.current)

    commands = [
        Command("gallery.preview", "Show large", preview, icon="eye", shortcut="Space",
                is_bound=False, reason=needs_current, words="preview zoom"),
        Command("gallery.select_all", "Select all", grid.choose_all, group="View",
                icon="list-checks", shortcut="Ctrl+A", is_bound=False, reason=needs_items),
        Command("gallery.select_none", "Select nothing", grid.clear_choice, group="View",
                icon="square", shortcut="Escape", is_bound=False),
        Command("gallery.filter", "Filter…", view.open_filters, group="View",
                icon="list-filter", shortcut="Ctrl+Shift+F"),
        Command("gallery.clear_filter", "Clear filter", controller.clear_filter, group="View",
                icon="x", reason=needs_filter),
        Command("gallery.larger", "Larger pictures", lambda: controller.step_cell_size(CELL_STEP),
                group="View", icon="zoom-in", shortcut="Ctrl++", more_shortcuts=("Ctrl+=",)),
        Command("gallery.smaller", "Smaller pictures",
                lambda: controller.step_cell_size(-CELL_STEP),
                group="View", icon="zoom-out", shortcut="Ctrl+-"),
        Command("gallery.group", "Group by generation", controller.toggle_grouped, group="View",
                icon="group", reason=needs_generations, words="sartiq predictions together"),
        Command("gallery.fit", "Show whole pictures", controller.toggle_fit, group="View",
                icon="maximize", words="fit fill crop"),
    ]  # fmt: skip
    return commands + [
        _sort_command(controller, field, down, title) for (field, down), title in SORTS.items()
    ]


def _sort_command(
    controller: GalleryController, field: SortField, is_descending: bool, title: str
) -> Command:
    name = f"gallery.sort_{field.value}_{'down' if is_descending else 'up'}"
    icon = "arrow-down-wide-narrow" if is_descending else "arrow-up-narrow-wide"

    def reason() -> str:
        query: ItemQuery = controller.query
        is_set = (query.sort, query.is_descending) == (field, is_descending)
        return "This is the order shown." if is_set else ""

    def run() -> None:
        controller.set_sort(field, is_descending)

    return Command(name, f"Sort: {title}", run, group="View", icon=icon, reason=reason)
