"""What assistive tools see of a window."""

from __future__ import annotations

from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget


def _is_hidden(widget: QWidget, root: QWidget) -> bool:
    return widget is not root and not widget.isVisibleTo(root)


def unnamed(root: QWidget) -> list[str]:
    """Return every control below a widget that assistive tools could not name."""
    roles = QAccessible.Role
    wanted = {
        roles.PushButton, roles.CheckBox, roles.RadioButton, roles.ComboBox, roles.EditableText,
        roles.Slider, roles.SpinBox, roles.ProgressBar, roles.List, roles.Table, roles.Tree,
    }  # fmt: skip
    found: list[str] = []
    for widget in [root, *root.findChildren(QWidget)]:
        interface = QAccessible.queryAccessibleInterface(widget)
        inner = widget.objectName() == "qt_spinbox_lineedit"
        if interface is None or interface.role() not in wanted or inner or _is_hidden(widget, root):
            continue
        if not interface.text(QAccessible.Text.Name):
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__}")
    return found
