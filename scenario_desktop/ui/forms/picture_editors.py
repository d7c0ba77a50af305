"""Editors made of pictures: which pictures, and a choice whose entries are shown as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPixmap
from PySide6.QtWidgets import QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.spec import FieldSpec
from scenario_desktop.ui.forms.tiles import OUTSET, AddTile, Tile, TileGrid
from scenario_desktop.ui.widgets import drags
from scenario_desktop.ui.widgets.tips import set_tip

#: More pictures than this are counted, not shown one by one.
_MOST_SHOWN = 23


class PicturedChoicesEditor(Editor):
    """One or, with Ctrl, several entries of a list, each shown as a picture.

    A click chooses one alone; Ctrl-click adds it or takes it away. A click on one of several
    chosen ones keeps them all and makes it the current one.

    Signals:
        current_changed: another entry is current, by the user's hand.
    """

    current_changed = Signal(str)
    outset = OUTSET

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._chosen: list[str] = []
        self._current = ""
        self._grid = TileGrid()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._grid)
        self._tiles = {
            choice.value: Tile(choice.value, choice.title, caption=choice.title)
            for choice in spec.choices
        }
        self._grid.set_tiles(list(self._tiles.values()))
        for tile in self._tiles.values():
            tile.picked.connect(self._on_picked)
        self.setFocusProxy(self._grid)
        self.setAccessibleName(spec.title)

    @property
    def current(self) -> str:
        """The entry looked at last; one of the chosen ones, if any is chosen."""
        return self._current

    @override
    def value(self) -> list[str]:
        return [value for value in self._tiles if value in self._chosen]

    @override
    def set_value(self, value: Any) -> None:
        self._chosen = list(value)
        if self._current not in self._chosen:
            self._current = self._chosen[-1] if self._chosen else ""
        self._show()

    def set_current(self, value: str) -> None:
        """Make one of the chosen entries the current one."""
        if value in self._chosen:
            self._current = value
            self._show()

    def set_picture(self, value: str, picture: QPixmap) -> None:
        """Show what an entry stands for. An empty picture brings its icon back."""
        self._tiles[value].set_picture(picture)

    def set_note(self, value: str, note: str) -> None:
        """Explain an entry in its tooltip, such as that it needs what is not here."""
        tile = self._tiles[value]
        set_tip(tile, f"{tile.text()}: {note}" if note else tile.text())
        tile.setAccessibleDescription(note)

    def _on_picked(self, is_ctrl: bool) -> None:
        tile = self.sender()
        if not isinstance(tile, Tile):
            return
        before, current = list(self._chosen), self._current
        if is_ctrl:
            self._toggle(tile.key)
        elif tile.key in self._chosen:
            self._current = tile.key
        else:
            self._chosen, self._current = [tile.key], tile.key
        self._show()
        if self._current != current:
            self.current_changed.emit(self._current)
        if set(self._chosen) != set(before):
            self.edited.emit()

    def _toggle(self, value: str) -> None:
        if value not in self._chosen:
            self._chosen.append(value)
            self._current = value
        elif len(self._chosen) > 1:
            self._chosen.remove(value)
            if self._current == value:
                self._current = self._chosen[-1]

    def _show(self) -> None:
        for value, tile in self._tiles.items():
            tile.set_state(is_chosen=value in self._chosen, is_current=value == self._current)
        if self._current:
            self._grid.set_tab_stop(self._tiles[self._current])


class PicturesEditor(Editor):
    """The pictures to work on, one of which is looked at; more come by the dashed tile or a drop.

    Signals:
        current_changed: another picture is looked at, by the user's hand.
        add_requested: the dashed tile was clicked.
        files_dropped: a list of Paths.
        keys_dropped: keys of items, in a tuple.
    """

    current_changed = Signal(str)
    add_requested = Signal()
    files_dropped = Signal(object)
    keys_dropped = Signal(object)
    outset = OUTSET
    add_text = "Add pictures…"

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._ids: list[str] = []
        self._current = ""
        self._is_marked = True
        self._tiles: dict[str, Tile] = {}
        self._grid = TileGrid(side=58, fills=False)
        self._add = AddTile(self.add_text)
        self._add.picked.connect(self._on_add)
        self._more = Tile("", "More pictures", icon="images")
        self._more.setEnabled(False)
        self._more.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._grid)
        self._grid.set_tiles([self._add])
        self.setFocusProxy(self._grid)
        self.setAcceptDrops(True)
        self.setAccessibleName(spec.title)

    @property
    def current(self) -> str:
        return self._current

    @property
    def hidden_count(self) -> int:
        """How many are chosen beyond those that are shown one by one."""
        return max(0, len(self._ids) - _MOST_SHOWN)

    @override
    def value(self) -> list[str]:
        return list(self._ids)

    @override
    def set_value(self, value: Any) -> None:
        self._ids = list(dict.fromkeys(value))
        if self._current not in self._ids:
            self._current = self._ids[0] if self._ids else ""
        self._build()

    def set_current(self, value: str) -> None:
        if value in self._ids:
            self._current = value
            self._show()

    def set_marked(self, is_marked: bool) -> None:
        """Say whether one of these is looked at, or a picture in another place of the form."""
        self._is_marked = is_marked
        self._show()

    def set_picture(self, value: str, picture: QPixmap, name: str) -> None:
        """Show a picture's thumbnail and name; nothing happens when it is not among them."""
        tile = self._tiles.get(value)
        if tile is None:
            return
        tile.set_picture(picture)
        tile.setText(name)
        tile.setAccessibleName(name)
        set_tip(tile, name)

    def _build(self) -> None:
        shown = self._ids[:_MOST_SHOWN]
        old, self._tiles = self._tiles, {}
        for value in shown:
            tile = old.get(value)
            if tile is None:
                tile = Tile(value, value, is_removable=True, has_check=False)
                tile.picked.connect(self._on_picked)
                tile.remove_requested.connect(self._on_remove_requested)
            self._tiles[value] = tile
        tiles: list[Tile] = list(self._tiles.values())
        if self.hidden_count:
            set_tip(self._more, f"{self.hidden_count} more pictures")
            self._more.setAccessibleName(f"{self.hidden_count} more pictures")
            self._more.set_words(f"+\u00a0{self.hidden_count}")
            tiles.append(self._more)
        self._grid.set_tiles([*tiles, self._add], keep=(self._more,))
        self._show()

    def _show(self) -> None:
        for value, tile in self._tiles.items():
            is_current = self._is_marked and value == self._current
            tile.set_state(is_chosen=is_current, is_current=is_current)
        self._grid.set_tab_stop(self._tiles.get(self._current) or self._add)

    def _on_picked(self, _is_ctrl: bool) -> None:
        tile = self.sender()
        if isinstance(tile, Tile) and (tile.key != self._current or not self._is_marked):
            self._current, self._is_marked = tile.key, True
            self._show()
            self.current_changed.emit(tile.key)

    def _on_remove_requested(self) -> None:
        tile = self.sender()
        if not isinstance(tile, Tile) or tile.key not in self._ids:
            return
        index = self._ids.index(tile.key)
        rest: Sequence[str] = [value for value in self._ids if value != tile.key]
        had_focus = tile.hasFocus()
        was_current = tile.key == self._current
        if was_current and rest:
            self._current = rest[min(index, len(rest) - 1)]
        self.set_value(rest)
        if had_focus:
            self._grid.setFocus()
        if was_current:
            self.current_changed.emit(self._current)
        self.edited.emit()

    def _on_add(self, _is_ctrl: bool) -> None:
        self.add_requested.emit()

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        drags.welcome(event)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        keys, files = drags.take(event)
        if keys:
            self.keys_dropped.emit(keys)
        elif files:
            self.files_dropped.emit(files)


class PictureEditor(PicturesEditor):
    """One picture: another one takes its place."""

    add_text = "Choose a picture…"

    @override
    def set_value(self, value: Any) -> None:
        super().set_value(list(value)[-1:])
