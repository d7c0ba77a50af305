"""What rooms with a page and its dock have in common: moving in, showing, moving out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.main_window import DockKind, MainWindow


class PageRoom(QObject):
    """Owns a page, its dock and their controller while a workspace is open.

    Signals:
        left: the user wants back to where the pictures are.
        reveal_requested: ids of items to show in the library.
    """

    left = Signal()
    reveal_requested = Signal(object)

    def __init__(self, window: MainWindow, page: str) -> None:
        """
        Args:
            page: what the window calls the page.
        """
        super().__init__(window)
        self._window, self._name = window, page
        self._parts: tuple[QWidget, QWidget] | None = None
        self.controller: QObject | None = None

    def _move_in(self, page: Any, dock: Any) -> None:
        """Put a page and its dock into the window; both have a way out."""
        self._parts = page, dock
        self._window.add_page(self._name, page)
        self._window.set_dock(dock, DockKind.FORM, page=self._name)
        page.back_requested.connect(self.left)
        dock.close_requested.connect(self.left)

    def _relay(self, controller: QObject, *names: str) -> None:
        """Pass on signals of the controller that are called the same here."""
        for name in names:
            getattr(controller, name).connect(getattr(self, name))

    def _move_out(self) -> None:
        """Take page and dock down."""
        if self._parts is None:
            return
        page, dock = self._parts
        self._parts = self.controller = None
        self._window.remove_page(self._name)
        dock.deleteLater()
        page.deleteLater()

    def _show(self) -> None:
        """Bring the page to the front."""
        self._window.set_page(self._name)
        self._window.show_dock(True)  # without its dock the page leads nowhere


class FormController(Protocol):
    """What a room needs of the controller of a form."""

    def commands(self) -> Iterable[Command]: ...
    def look_again(self) -> None: ...


class FormRoom(PageRoom):
    """Owns a page whose dock is a form that is sent, and has commands of its own.

    Signals:
        jobs_started: ids of the ledger rows that were sent.
        settings_requested: the spending limit should be changed.
        connect_requested: the workspace has no connection to the service, and one is wanted.
        login_requested: the keys of the workspace should be typed anew.
        retry_requested: the server should be tried again now.
    """

    jobs_started = Signal(object)
    settings_requested = Signal()
    connect_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()

    def __init__(self, window: MainWindow, commands: CommandRegistry, page: str) -> None:
        super().__init__(window, page)
        self._commands = commands

    @property
    def _form(self) -> FormController | None:
        return cast("FormController | None", self.controller)

    @override
    def _show(self) -> None:
        if form := self._form:
            self._commands.add(*form.commands())
            super()._show()

    def look_again(self) -> None:
        """Take note that the spending limit may be another one now."""
        if form := self._form:
            form.look_again()

    def close(self) -> None:
        """Take away the commands that belong to the page in front."""
        if form := self._form:
            self._commands.remove(*(command.id for command in form.commands()))
