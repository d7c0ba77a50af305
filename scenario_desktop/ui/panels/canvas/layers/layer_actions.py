"""What the dock and the rail ask of the editor, and what they are shown of it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPoint, QRectF, Signal
from PySide6.QtGui import QColor, QPainterPath

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Blend, GroupLayer, Layer, TextLayer, Transform
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import masking
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.stage.stage import Stage
from scenario_desktop.ui.panels.canvas.tools.color_picker import ColorPicker
from scenario_desktop.ui.panels.canvas.tools.select_tool import Frame, fitted, frame_of
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
        rows.visible_toggled.connect(self._toggle_visible)
        rows.lock_toggled.connect(self._toggle_lock)
        rows.renamed.connect(self._rename)
        rows.moved.connect(editor.move_layer)
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
        layer = editor.active
        dock.layers.show_active(editor.active_id)
        if layer is None:
            dock.show_layer(Blend.NORMAL, 1.0, is_enabled=False)
            dock.show_frame(None)
            return
        is_free = not editor.read_only
        dock.show_layer(layer.blend, layer.opacity, is_enabled=is_free)
        box = editor.frame_of(layer)
        if box.isEmpty():
            dock.show_frame(None)
        elif isinstance(layer, GroupLayer):
            frame = Frame(box.x(), box.y(), box.width(), box.height(), 0.0, 100.0)
            dock.show_frame(frame, is_enabled=is_free and not editor.document.is_locked(layer))
        else:
            frame = frame_of(box, layer.transform)
            dock.show_frame(frame, is_enabled=is_free and not editor.document.is_locked(layer))

    def select_all(self) -> None:
        path = QPainterPath()
        path.addRect(QRectF(self._editor.rect))
        self._editor.set_selection(path)

    def duplicate(self) -> None:
        self._editor.duplicate_layer(self._editor.active_id)

    def merge(self) -> None:
        self._editor.merge_down(self._editor.active_id)

    def group(self) -> None:
        layer = self._editor.active
        if layer is not None:
            self._editor.group_layers([layer.id])

    def ungroup(self) -> None:
        self._editor.ungroup(self._editor.active_id)

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
            self._editor.change_layer(layer_id, word + " {}", icon, is_visible=not layer.is_visible)

    def _toggle_lock(self, layer_id: str) -> None:
        layer = self._editor.document.layer(layer_id)
        if layer is not None:
            word = "Unlock" if layer.is_locked else "Lock"
            icon = "lock-open" if layer.is_locked else "lock"
            self._editor.change_layer(layer_id, word + " {}", icon, is_locked=not layer.is_locked)

    def _rename(self, layer_id: str, name: str) -> None:
        self._editor.change_layer(layer_id, "Rename {}", "pencil", name=name)

    def _set_blend(self, blend: Blend) -> None:
        self._editor.change_layer(self._editor.active_id, "Blend {}", "blend", blend=blend)

    def _set_opacity(self, opacity: float) -> None:
        self._editor.change_layer(
            self._editor.active_id, "Opacity of {}", "blend", merges=True, opacity=opacity
        )

    def _set_frame(self, frame: Frame) -> None:
        editor = self._editor
        layer = editor.active
        if layer is None:
            return
        box = editor.frame_of(layer)
        if isinstance(layer, GroupLayer):
            by = fitted(box, Transform(), frame)
            document = edits.transformed(editor.document, layer.id, by)
            subject = f"frame:{layer.id}"
            name = f"Transform {layer.name}"
            editor.commit(name, "scaling", document, subject=subject, merges=True)
            return
        transform = fitted(box, layer.transform, frame)
        editor.change_layer(layer.id, "Transform {}", "scaling", merges=True, transform=transform)

    def _reset_frame(self) -> None:
        """Give a layer its own size back, unturned, around the middle that it has."""
        editor = self._editor
        layer = editor.active
        if layer is None or isinstance(layer, GroupLayer):
            return
        box = editor.frame_of(layer)
        middle = drawing.matrix(layer.transform).map(box.center())
        place = middle - box.center()
        transform = Transform(x=place.x(), y=place.y())
        editor.change_layer(layer.id, "Reset {}", "rotate-ccw", transform=transform)

    def _center(self, layer_id: str) -> None:
        editor = self._editor
        layer = editor.document.layer(layer_id)
        if layer is None or editor.refuse():
            return
        box = editor.frame_of(layer)
        is_group = isinstance(layer, GroupLayer)
        area = box if is_group else drawing.matrix(layer.transform).mapRect(box)
        way = QRectF(editor.rect).center() - area.center()
        document = edits.shifted(editor.document, layer_id, way.x(), way.y())
        editor.commit(f"Centre {layer.name}", "move", document)

    def _choose_mask(self, layer_id: str) -> None:
        self._editor.set_active(layer_id, is_on_mask=True)

    def mask(self, deed: masking.Deed) -> None:
        """Do something with the mask of the chosen layer."""
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
        masking.merge_group(self._editor, self._editor.active_id)

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
        editor.set_active(layer_id)
        reason = editor.read_only
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
            partial(editor.duplicate_layer, layer_id),
            icon="copy-plus",
            shortcut="Ctrl+Shift+D",
            reason=reason,
        )
        menu.add(
            "Merge down",
            partial(editor.merge_down, layer_id),
            icon="merge",
            shortcut="Ctrl+E",
            reason=reason or lowest,
        )
        menu.add(
            "Centre on the canvas", partial(self._center, layer_id), icon="crosshair", reason=reason
        )
        if isinstance(layer, GroupLayer):
            menu.add("Merge the group", self.merge_group, icon="merge", reason=reason)
            menu.add("Ungroup", partial(editor.ungroup, layer_id), icon="ungroup",
                     shortcut="Ctrl+Shift+G", reason=reason)  # fmt: skip
        else:
            menu.add("Group", self.group, icon="folder-plus", shortcut="Ctrl+G", reason=reason)
        self._add_mask_entries(menu, layer, reason)
        menu.addSeparator()
        menu.add("Detect from layer", self.detect_requested.emit, icon="scan-line")
        menu.addSeparator()
        menu.add("Delete", partial(editor.delete_layer, layer_id), icon="trash-2",
                 shortcut="Delete", reason=reason, is_dangerous=True)  # fmt: skip
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)
