"""What the dock and the rail ask of the editor, and what they are shown of it."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial

from PySide6.QtCore import QObject, QPoint, QRectF, Signal
from PySide6.QtGui import QColor, QPainterPath

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Blend, GroupLayer, Layer, TextLayer, Transform
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import masking, merging, several, single
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.color_picker import ColorPicker
from scenario_desktop.ui.panels.canvas.tools.select_tool import Frame, fitted, frame_of
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId
from scenario_desktop.ui.widgets.menu import Menu


class LayerActions(QObject):
    """Between the dock and the editor.

    Signals:
        detect_requested: from the chosen layer.
    """

    detect_requested = Signal()

    def __init__(self, editor: Editor, dock: CanvasDock, stage: Stage, *, parent: QObject) -> None:
        super().__init__(parent)
        self._editor, self._dock, self._stage = editor, dock, stage
        rows = dock.layers
        rows.chosen.connect(editor.set_active)
        rows.several_chosen.connect(editor.choose)
        rows.visible_toggled.connect(self._toggle_visible)
        rows.lock_toggled.connect(self._toggle_lock)
        rows.renamed.connect(self._rename)
        rows.moved.connect(partial(several.move_in_list, editor))
        rows.menu_requested.connect(self._open_menu)
        rows.mask_chosen.connect(self._choose_mask)
        dock.blend_chosen.connect(self._set_blend)
        dock.opacity_edited.connect(self._set_opacity)
        dock.frame_edited.connect(self._set_frame)
        dock.frame_reset.connect(self._reset_frame)
        dock.add_requested.connect(editor.add_paint_layer)
        dock.group_requested.connect(self.group)
        dock.menu_requested.connect(self._open_active_menu)
        dock.history.chosen.connect(self._go_to)
        editor.layers_changed.connect(self.show)
        editor.active_changed.connect(self.show)
        editor.history_changed.connect(self._show_history)

    def show(self) -> None:
        """Show the layer that is worked on."""
        editor, dock = self._editor, self._dock
        layer, subject = editor.active, several.stand_in(editor)
        dock.layers.show_active(editor.active_id, editor.chosen)
        if layer is None or subject is None:
            dock.show_layer(Blend.NORMAL, 1.0, is_enabled=False)
            dock.show_frame(None)
            return
        is_free = not editor.read_only
        dock.show_layer(layer.blend, layer.opacity, is_enabled=is_free)
        is_free = is_free and not several.is_locked(editor)
        layer, box = subject
        if box.isEmpty():
            dock.show_frame(None)
        else:
            dock.show_frame(_frame_around(layer, box), is_enabled=is_free)

    def select_all(self) -> None:
        path = QPainterPath()
        path.addRect(QRectF(self._editor.rect))
        self._editor.set_selection(path)

    def duplicate(self) -> None:
        several.duplicate(self._editor)

    def delete(self) -> None:
        """Delete what is chosen, or the pixels inside the selection."""
        if self._editor.selection is not None:
            single.clear_selected(self._editor)
        else:
            several.delete(self._editor)

    def merge(self) -> None:
        merging.merge_down(self._editor, self._editor.active_id)

    def why_not_merge(self) -> str:
        """Return why nothing can be merged down now; "" when it can."""
        editor = self._editor
        if len(editor.chosen) > 1:
            return editor.read_only or "Choose a single layer, or group them and merge the group"
        return editor.read_only or ("" if editor.active is not None else "There is no layer")

    def why_not_copy(self) -> str:
        """Return why nothing can be copied now; "" when it can."""
        if len(self._editor.chosen) > 1:
            return "Choose a single layer, or group them and copy the group"
        return "" if self._editor.active is not None else "There is no layer"

    def why_not_cut(self) -> str:
        return self._editor.read_only or self.why_not_copy()

    def raise_(self, *, is_up: bool, is_to_end: bool) -> None:
        several.raise_(self._editor, is_up=is_up, is_to_end=is_to_end)

    def group(self) -> None:
        ids = several.roots(self._editor)
        if ids:
            several.group(self._editor, ids)

    def ungroup(self) -> None:
        single.ungroup(self._editor, self._editor.active_id)

    def pick_color(self, is_foreground: bool) -> None:
        """Open the picker beside the two colours."""
        settings = self._stage.settings
        color = settings.foreground if is_foreground else settings.background
        anchor = self.sender()
        rail = anchor if anchor is not None else None
        colors = getattr(rail, "colors", self._dock)
        picker = ColorPicker(colors, color, settings.recent)

        def take(picked: QColor) -> None:
            settings.set(**{"foreground" if is_foreground else "background": picked})

        def close() -> None:
            settings.set_foreground(settings.foreground)
            picker.deleteLater()

        picker.picked.connect(take)
        picker.closed.connect(close)
        picker.open()

    def _go_to(self, count: int) -> None:
        self._stage.finish_writing()
        self._editor.go_to(count)

    def _show_history(self) -> None:
        self._dock.history.show_history(self._editor.history)
        self._dock.show_steps(len(self._editor.history.done))

    def _toggle_visible(self, layer_id: str) -> None:
        layer = self._editor.document.layer(layer_id)
        if layer is not None:
            word = "Hide" if layer.is_visible else "Show"
            icon = "eye-off" if layer.is_visible else "eye"
            ids, is_visible = several.targets(self._editor, layer_id), not layer.is_visible
            several.change(self._editor, ids, word + " {}", icon, is_visible=is_visible)

    def _toggle_lock(self, layer_id: str) -> None:
        layer = self._editor.document.layer(layer_id)
        if layer is not None:
            word = "Unlock" if layer.is_locked else "Lock"
            icon = "lock-open" if layer.is_locked else "lock"
            ids, is_locked = several.targets(self._editor, layer_id), not layer.is_locked
            several.change(self._editor, ids, word + " {}", icon, is_locked=is_locked)

    def _rename(self, layer_id: str, name: str) -> None:
        self._editor.change_layer(layer_id, "Rename {}", "pencil", name=name)

    def _set_blend(self, blend: Blend) -> None:
        several.change(self._editor, self._editor.chosen, "Blend {}", "blend", blend=blend)

    def _set_opacity(self, opacity: float) -> None:
        editor = self._editor
        several.change(
            editor, editor.chosen, "Opacity of {}", "blend", merges=True, opacity=opacity
        )

    def set_opacity(self, percent: int) -> None:
        """Set the opacity of the brush, with any other tool that of what is chosen."""
        settings = self._stage.settings
        if settings.tool in (ToolId.BRUSH, ToolId.ERASER):
            brush = settings.current_brush()
            settings.set_current_brush(replace(brush, opacity=percent / 100))
        else:
            self._set_opacity(percent / 100)

    def step_blend(self, step: int) -> None:
        """Take the next (1) or the last (-1) of the blend modes."""
        layer = self._editor.active
        if layer is not None:
            modes = list(Blend)
            self._set_blend(modes[(modes.index(layer.blend) + step) % len(modes)])

    def _set_frame(self, frame: Frame) -> None:
        editor = self._editor
        subject = several.stand_in(editor)
        if subject is None:
            return
        layer, box = subject
        if editor.refuse():
            return
        name, ids = f"Transform {layer.name}", several.roots(editor)
        # One number after the other is one step each; the wheel over one of them is one in all.
        was = asdict(_frame_around(layer, box))
        part = next((key for key, value in asdict(frame).items() if value != was[key]), "")
        step = f"frame {part}:{','.join(ids)}"
        if isinstance(layer, GroupLayer):
            by = fitted(box, Transform(), frame)
            several.place(editor, by, name, "scaling", subject=step)
            return
        transform = fitted(box, layer.transform, frame)
        document = edits.change(editor.document, layer.id, transform=transform)
        editor.commit(name, "scaling", document, subject=step, merges=True)

    def _reset_frame(self) -> None:
        """Give a layer its own size back, unturned, around the middle that it has."""
        editor = self._editor
        layer = editor.active
        if layer is None or isinstance(layer, GroupLayer) or len(editor.chosen) > 1:
            return
        box = editor.frame_of(layer)
        middle = drawing.matrix(layer.transform).map(box.center())
        place = middle - box.center()
        transform = Transform(x=place.x(), y=place.y())
        editor.change_layer(layer.id, "Reset {}", "rotate-ccw", transform=transform)

    def _center(self) -> None:
        editor = self._editor
        subject = several.stand_in(editor)
        if subject is None or editor.refuse():
            return
        layer, box = subject
        is_group = isinstance(layer, GroupLayer)
        area = box if is_group else drawing.matrix(layer.transform).mapRect(box)
        way = QRectF(editor.rect).center() - area.center()
        several.place(editor, Transform(x=way.x(), y=way.y()), f"Centre {layer.name}", "move")

    def _choose_mask(self, layer_id: str) -> None:
        self._editor.set_active(layer_id, is_on_mask=True)

    def mask(self, deed: masking.Deed) -> None:
        """Do something with the mask of the layer that is worked on."""
        deed.run(self._editor, self._editor.active_id)

    def why_not_mask(self, deed: masking.Deed) -> str:
        """Return why that cannot be done now; "" when it can."""
        layer = self._editor.active
        if layer is None:
            return self._editor.read_only or "There is no layer"
        return self._editor.read_only or deed.why_not(layer)

    def mask_note(self, deed: masking.Deed) -> str:
        """Return what the palette says behind its title."""
        return "from the selection" if deed.name == "add" and self._editor.selection else ""

    def merge_group(self) -> None:
        merging.merge_group(self._editor, self._editor.active_id)

    def _add_mask_entries(self, menu: Menu, layer: Layer, reason: str) -> None:
        editor, mask = self._editor, layer.mask
        menu.addSeparator()
        titles = {
            "add": "Add a layer mask from the selection" if editor.selection else "",
            "edit": "Paint on the layer" if editor.is_on_mask else "Paint on the layer mask",
            "toggle": f"Turn the layer mask {'off' if mask and mask.is_enabled else 'on'}",
        }
        for deed in masking.DEEDS:
            if (deed.name == "add") == (mask is None):
                menu.add(
                    titles.get(deed.name) or deed.title, partial(deed.run, editor, layer.id),
                    icon=deed.icon, shortcut=deed.key, reason=reason or deed.why_not(layer),
                )  # fmt: skip

    def _open_active_menu(self, place: QPoint) -> None:
        if self._editor.active_id:
            self._open_menu(self._editor.active_id, place)

    def _open_menu(self, layer_id: str, place: QPoint) -> None:
        editor = self._editor
        layer = editor.document.layer(layer_id)
        if layer is None:
            return
        if layer_id not in editor.chosen:
            editor.set_active(layer_id)
        elif layer_id != editor.active_id:
            editor.choose([*(one for one in editor.chosen if one != layer_id), layer_id])
        reason = editor.read_only
        is_one = len(editor.chosen) == 1
        siblings = editor.document.children(layer.parent)
        lowest = "There is no layer under it" if siblings and siblings[0].id == layer_id else ""
        menu = Menu(self._dock, name=f"Layer {layer.name}")
        menu.add(
            "Rename", partial(self._dock.layers.rename, layer_id), icon="pencil", reason=reason
        )
        if isinstance(layer, TextLayer):
            menu.add(
                "Edit text",
                partial(self._stage.write, layer, is_new=False),
                icon="type",
                reason=reason,
            )
        menu.add(
            "Duplicate",
            self.duplicate,
            icon="copy-plus",
            shortcut="Ctrl+Shift+D",
            reason=reason,
        )
        menu.add(
            "Merge down",
            partial(merging.merge_down, editor, layer_id),
            icon="merge",
            shortcut="Ctrl+E",
            reason=self.why_not_merge() or lowest,
        )
        menu.add("Centre on the canvas", self._center, icon="crosshair", reason=reason)
        if isinstance(layer, GroupLayer) and is_one:
            menu.add("Merge the group", self.merge_group, icon="merge", reason=reason)
            menu.add("Ungroup", partial(single.ungroup, editor, layer_id), icon="ungroup",
                     shortcut="Ctrl+Shift+G", reason=reason)  # fmt: skip
        else:
            menu.add("Group", self.group, icon="folder-plus", shortcut="Ctrl+G", reason=reason)
        self._add_mask_entries(menu, layer, reason)
        menu.addSeparator()
        menu.add("Detect from layer", self.detect_requested.emit, icon="scan-line")
        menu.addSeparator()
        menu.add("Delete", partial(several.delete, editor), icon="trash-2",
                 shortcut="Delete", reason=reason, is_dangerous=True)  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)


def _frame_around(layer: Layer, box: QRectF) -> Frame:
    """Return the numbers for what a layer shows; a group has none but its box on the canvas."""
    if isinstance(layer, GroupLayer):
        return Frame(box.x(), box.y(), box.width(), box.height(), 0.0, 100.0)
    return frame_of(box, layer.transform)
