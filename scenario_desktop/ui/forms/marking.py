"""How an input that was refused is drawn."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget


def mark_bad(widget: QWidget, is_bad: bool) -> None:
    """Draw an input's border as refused, or as usual."""
    if bool(widget.property("bad")) != is_bad:
        widget.setProperty("bad", is_bad)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
