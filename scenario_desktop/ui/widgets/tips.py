"""Tool tips: always plain text, with the shortcut behind it."""

from __future__ import annotations

from html import escape

from PySide6.QtWidgets import QWidget

from scenario_desktop.ui.shortcuts import shortcut_text

#: Letters that stay on one line.
_ONE_LINE = 56


def tip(text: str, shortcut: str = "") -> str:
    """Return a tool tip that shows exactly this text.

    Qt guesses whether a tip is HTML; a name such as "<b>x</b>" must not be taken for it.
    """
    if not text:
        return ""
    words = escape(text).replace("\n", "<br>")
    if shortcut:
        words += "&nbsp;&nbsp;&nbsp;" + escape(shortcut_text(shortcut)).replace(" ", "&nbsp;")
    # Qt breaks lines of rich text long before they need to be.
    space = "pre" if len(text) <= _ONE_LINE and "\n" not in text else "normal"
    return f'<p style="white-space: {space}; margin: 0">{words}</p>'


def set_tip(widget: QWidget, text: str, shortcut: str = "") -> None:
    widget.setToolTip(tip(text, shortcut))
