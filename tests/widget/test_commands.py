"""Commands, and the keys that reach them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.ui.commands import Command, CommandRegistry
from scenario_desktop.ui.shortcuts import Shortcuts, key_caps, shortcut_text
from scenario_desktop.ui.widgets.menu import Menu


class Ran:
    def __init__(self) -> None:
        self.count = 0
        self.reason = ""

    def __call__(self) -> None:
        self.count += 1

    def why_not(self) -> str:
        return self.reason


@pytest.fixture
def ran() -> Ran:
    return Ran()


@pytest.fixture
def commands(ran: Ran) -> CommandRegistry:
    registry = CommandRegistry()
    command = Command("test.do", "Do it", ran, shortcut="D", reason=ran.why_not)
    registry.add(command)
    return registry


def test_a_command_runs_unless_it_says_why_not(commands: CommandRegistry, ran: Ran) -> None:
    refused: list[str] = []
    commands.refused.connect(refused.append)
    assert commands.run("test.do")
    ran.reason = "Nothing is selected"
    assert not commands.run("test.do")
    assert (ran.count, refused) == (1, ["Nothing is selected"])


def test_an_unknown_command_does_nothing(commands: CommandRegistry) -> None:
    assert not commands.run("no.such")


def test_a_key_runs_its_command(qtbot: QtBot, commands: CommandRegistry, ran: Ran) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    Shortcuts(window, commands)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert ran.count == 1


def test_a_letter_typed_in_a_field_is_no_shortcut(
    qtbot: QtBot, commands: CommandRegistry, ran: Ran
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    field = QLineEdit()
    QVBoxLayout(window).addWidget(field)
    Shortcuts(window, commands)
    window.show()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_D)
    assert (field.text(), ran.count) == ("d", 0)


def test_a_removed_command_gives_its_key_back(
    qtbot: QtBot, commands: CommandRegistry, ran: Ran
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    Shortcuts(window, commands)
    commands.remove("test.do")
    window.show()
    qtbot.keyClick(window, Qt.Key.Key_D)
    assert ran.count == 0


@pytest.mark.parametrize(
    ("keys", "caps"),
    [
        ("Ctrl+Shift+K", ["Ctrl", "Shift", "K"]),
        ("G, M", ["G", "M"]),
        ("Ctrl++", ["Ctrl", "+"]),
        ("Ctrl+Return", ["Ctrl", "↵"]),
        ("", []),
    ],
)
def test_keys_are_written_for_people(
    keys: str, caps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert key_caps(keys) == caps
    assert shortcut_text(keys) == " ".join(caps)


def test_a_menu_keeps_what_cannot_run_and_says_why(
    qtbot: QtBot, commands: CommandRegistry, ran: Ran
) -> None:
    menu = Menu()
    qtbot.addWidget(menu)
    ran.reason = "Nothing is selected"
    action = menu.add_command(commands, "test.do")
    assert action is not None
    assert not action.isEnabled()
    assert "Nothing is selected" in action.toolTip()


def test_an_ampersand_in_a_name_is_no_mnemonic(qtbot: QtBot, ran: Ran) -> None:
    menu = Menu()
    qtbot.addWidget(menu)
    assert menu.add("Salt & pepper", ran).text() == "Salt && pepper"
