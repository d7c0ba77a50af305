"""A button that tells how large a picture is shown, and offers other sizes."""

from __future__ import annotations

from functools import partial

from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.menu import Menu
from scenario_desktop.ui.widgets.picture_view import PictureView

_ZOOMS = (0.5, 1.0, 2.0, 4.0)


class ZoomButton(Button):
    """Follows a view and zooms it.

    Args:
        view: outlives the button.
    """

    def __init__(self, view: PictureView) -> None:
        super().__init__("Fit", kind=ButtonKind.GHOST, has_arrow=True)
        self._view = view
        self.clicked.connect(self._on_clicked)
        view.zoom_changed.connect(self._on_zoom_changed)

    def _on_clicked(self) -> None:
        view = self._view
        menu = Menu(self, name="Zoom")
        menu.add("Fit", view.fit, shortcut="0", is_checked=view.is_fit)
        for zoom in _ZOOMS:
            is_set = not view.is_fit and abs(view.zoom() - zoom) < 0.005
            menu.add(_percent(zoom), partial(view.set_zoom, zoom), is_checked=is_set)
        menu.aboutToHide.connect(menu.deleteLater)
        self.set_open(True)
        menu.aboutToHide.connect(self._on_menu_closed)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _on_menu_closed(self) -> None:
        self.set_open(False)

    def _on_zoom_changed(self, zoom: float) -> None:
        self.setText("Fit" if self._view.is_fit else _percent(zoom))
        self.updateGeometry()


def _percent(zoom: float) -> str:
    return f"{zoom * 100:,.0f}{NO_BREAK}%"
