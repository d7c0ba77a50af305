"""How the form at the right of a page is put together: a head, what scrolls, a foot."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.ui.widgets.buttons import ButtonSize, IconButton
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.surface import Hairline

#: Between what the form shows and its edges, pixels.
EDGE = 16


class DockHead(QHBoxLayout):
    """What the form is for, and at the right what else can be done with it.

    Signals:
        more_requested: the button behind which a menu opens.
        close_requested: the cross.
    """

    more_requested = Signal()
    close_requested = Signal()

    def __init__(self, title: QWidget, *, left: int = EDGE, is_wide: bool = True) -> None:
        """
        Args:
            left: room before the title, pixels.
            is_wide: the title takes all the room there is.
        """
        super().__init__()
        self._more = IconButton("ellipsis", "More", size=ButtonSize.SMALL)
        self._more.clicked.connect(self.more_requested)
        close = IconButton("x", "Close", size=ButtonSize.SMALL)
        close.clicked.connect(self.close_requested)
        self.setContentsMargins(left, 6, 8, 6)
        self.setSpacing(4)
        self.addWidget(title, 1 if is_wide else 0)
        if not is_wide:
            self.addStretch(1)
        self.addWidget(self._more)
        self.addWidget(close)

    def menu(self, name: str) -> Menu:
        """Return an empty menu for the button; see ``open``."""
        return Menu(self._more, name=name)

    def open(self, menu: Menu) -> None:
        open_below(menu, self._more)


def lay_out(dock: QWidget, head: DockHead, content: QWidget, footer: QWidget) -> ScrollArea:
    """Fill a dock from top to bottom, and return what its content scrolls in."""
    scroller = ScrollArea(content)
    layout = QVBoxLayout(dock)
    layout.setContentsMargins(1, 0, 0, 0)
    layout.setSpacing(0)
    layout.addLayout(head)
    layout.addWidget(Hairline())
    layout.addWidget(scroller, 1)
    layout.addWidget(Hairline())
    layout.addWidget(footer)
    return scroller


def open_below(menu: Menu, widget: QWidget) -> None:
    """Open a menu at the lower edge of a widget; it is gone once it is closed."""
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(widget.mapToGlobal(widget.rect().bottomLeft()))
