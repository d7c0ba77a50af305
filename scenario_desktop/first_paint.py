"""The road from the command line to the first paint, and behind it the rest of the program.

What the gallery showed last is read from the disk and painted before anything is imported that
this does not need: asyncio, pydantic, HTTP, the stores and all other panels come after, and the
local engine starts meanwhile. Without a catalogue that can be read just so, the window comes up
without pictures, and all else is the same.
"""

from __future__ import annotations

import builtins
import gc
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scenario_desktop import paths as places

if TYPE_CHECKING:
    from scenario_desktop.store.first_look import Remembered
    from scenario_desktop.ui.workbench.shell import Shell

#: Pictures of the first cells may take so long before the rest of the program is begun, seconds.
_PICTURES_S = 0.25
#: A window system may take so long to show a window, seconds; elsewhere it need not wait for that.
_SCREEN_S = 0.2

#: A window that is being closed may keep the folder so long, while servers do not answer.
_LEAVING_MS = 20_000

_REACHED = "it is open on this folder already; its window was brought to the front"
_BUSY = "another window has this folder and does not answer; close it, then start again"


def run(*, data: Path | None = None) -> int:
    """Open the window and run until it is closed.

    Args:
        data: keep everything below this folder instead of the user's own.
    """
    gc.disable()  # what is imported stays: looking through it is 5 % of the time to the first paint
    paths = places.under(data) if data is not None else places.for_user()
    try:
        paths.make()
    except OSError as error:
        print(f"scenario-desktop: {error}", file=sys.stderr)
        return 1
    from scenario_desktop.ui.one_window import OneWindow

    hold = OneWindow(paths.data)
    if not hold.take():
        is_reached = hold.call_first()
        if is_reached or not hold.take(_LEAVING_MS):  # it may be on its way out
            print(f"scenario-desktop: {_REACHED if is_reached else _BUSY}", file=sys.stderr)
            return 0 if is_reached else 1
    from scenario_desktop.store import first_look

    remembered = first_look.read_settings(paths.settings)
    _make_application(remembered)
    shell = open_shell(paths, remembered)
    from scenario_desktop.services.engine_process import EngineProcess, check_identity

    engine = EngineProcess(log_file=paths.engine_log, check=check_identity)
    if remembered.workspace_id == first_look.LOCAL:
        engine.spawn(paths.engine)  # it starts beside the imports that follow
    from scenario_desktop import app

    gc.freeze()  # nor is it looked through later: a full collection takes 1 ms instead of 20
    gc.enable()
    hold.listen(shell.window.answer_call)
    shell.window.vanished.connect(hold.fall_silent)
    try:
        return app.run(paths, shell, engine)
    finally:
        hold.release()


def open_shell(paths: places.Paths, remembered: Remembered) -> Shell:
    """Show the window as it was left, and return when it is painted."""
    from PySide6.QtWidgets import QApplication

    from scenario_desktop.ui.workbench.shell import Shell

    shell = Shell(panels=remembered.panels, gallery=remembered.gallery)
    shell.window.show()  # lays out, which decides how many cells there are and how large
    _fill(shell, paths, remembered)
    # No loop runs yet, so nothing can be stepped here that should not be.
    QApplication.processEvents()
    end = time.monotonic() + _SCREEN_S
    while not shell.window.windowHandle().isExposed() and time.monotonic() < end:
        time.sleep(0.001)  # until the window system has a place for it on the screen
        QApplication.processEvents()
    shell.store.finish(_PICTURES_S)
    QApplication.processEvents()
    return shell


def _make_application(remembered: Remembered) -> None:
    from scenario_desktop.ui import theme

    _import_without_reading_sources()
    application = theme.make_application(places.APP_NAME)
    theme.Theme().apply(application, theme.ThemeMode(remembered.theme), remembered.text_scale)


def _import_without_reading_sources() -> None:
    """Undo PySide's change to ``import``.

    WORKAROUND: it reads the source of every module that is imported after it, in search of "from
    __feature__ import", which nobody here says: 10 ms to the first paint, 40 ms in all. May go
    once PySide does so only when asked.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)


def _fill(shell: Shell, paths: places.Paths, remembered: Remembered) -> None:
    from scenario_desktop.items import ItemQuery
    from scenario_desktop.store import first_look
    from scenario_desktop.ui.panels.gallery.prefs import GalleryPlace

    place = GalleryPlace.of(remembered.place or {})
    query = place.applied_to(shell.prefs.applied_to(ItemQuery()))
    catalogue = paths.catalogue(remembered.workspace_id)
    keys = first_look.read_keys(catalogue, query)
    if keys:
        shell.show(remembered.workspace_id, query, keys, place)
        items = first_look.read_items(catalogue, shell.grid.visible_keys())
        shell.show_items(items, first_look.read_thumbnails(paths.thumbnails, items))
