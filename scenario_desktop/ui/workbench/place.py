"""Where the user was in each workspace: section, collection and choice, from start to start."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from scenario_desktop.ui.forms.drafts import SettingsAccess
from scenario_desktop.ui.panels.gallery.controller import GalleryController

SAVE_DELAY_MS = 500
#: Workspaces whose place is kept, the latest ones.
_MAX_PLACES = 20


class GalleryPlace(QObject):
    """Keeps the gallery's place in the settings, under the workspace's id."""

    def __init__(self, gallery: GalleryController, settings: SettingsAccess) -> None:
        super().__init__(gallery)
        self._gallery, self._settings = gallery, settings
        self._workspace_id = ""
        self._soon = QTimer(self, singleShot=True, interval=SAVE_DELAY_MS)
        self._soon.timeout.connect(self.save)
        gallery.selection_changed.connect(self._on_changed)
        gallery.query_changed.connect(self._on_changed)

    def open(self, workspace_id: str, *, is_there: bool = False) -> None:
        """Go back to where this workspace was left.

        Args:
            is_there: it is shown at that place since the first paint, and used maybe.
        """
        self._soon.stop()
        self._workspace_id = ""
        place = self._settings.settings.window.pages.get(workspace_id)
        if isinstance(place, dict) and not is_there:
            self._gallery.restore(place)
        self._workspace_id = workspace_id

    def close(self) -> None:
        """Keep what is shown now, and nothing of what comes after."""
        self.save()
        self._workspace_id = ""

    def save(self) -> None:
        self._soon.stop()
        if not self._workspace_id:
            return
        window = self._settings.settings.window
        others = {k: v for k, v in window.pages.items() if k != self._workspace_id}
        kept = dict(list(others.items())[1 - _MAX_PLACES :])
        pages = {**kept, self._workspace_id: self._gallery.state()}
        if pages != window.pages:
            self._settings.update(window=window.model_copy(update={"pages": pages}))

    def _on_changed(self, _what: object) -> None:
        if self._workspace_id:
            self._soon.start()
