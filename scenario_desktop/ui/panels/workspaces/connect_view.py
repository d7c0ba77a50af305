"""The dialog that connects an account, or edits a connected one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.ui.dialogs import REJECTED, Dialog
from scenario_desktop.ui.forms.form import Form
from scenario_desktop.ui.forms.spec import Choice
from scenario_desktop.ui.panels.workspaces.state import (
    ADVANCED,
    PROJECT_FIELD,
    TEAM,
    connect_specs,
)
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.surface import Card
from scenario_desktop.ui.widgets.switch import Switch

_WIDTH = 520


class ConnectDialog(Dialog):
    """Asks for keys and project; shows what a test has proved and where the keys will be kept.

    Attributes:
        form: the fields of a ``ConnectDraft``.

    Signals:
        edited: a field changed, so an earlier test proves nothing any more.
        test_requested: try the connection.
        save_requested: keep the account; it is tried first.
        save_untested_requested: keep it although the test failed.
        keyring_requested: look for the system keyring again.
    """

    edited = Signal()
    test_requested = Signal()
    save_requested = Signal()
    save_untested_requested = Signal()
    keyring_requested = Signal()

    def __init__(self, parent: QWidget, *, name: str = "", has_team_key: bool = False) -> None:
        title = f"Edit “{name}”" if name else "Connect Scenario"
        super().__init__(parent, title, width=_WIDTH)
        self._is_edit = bool(name)
        specs = connect_specs(is_edit=self._is_edit, has_team_key=has_team_key)
        self.form = Form(specs, folded=(TEAM, ADVANCED))
        self.form.edited.connect(self._on_edited)
        self._report = _Report()
        # Once the dialog has its new height: in a small window the report may lie below the edge.
        self._revealing = QTimer(self, singleShot=True, interval=30)
        self._revealing.timeout.connect(self._on_revealing)
        self._keeping = Banner()
        self._keeping.action_requested.connect(self.keyring_requested)
        self._session_only = Switch("Keep the keys for this session only")
        if not self._is_edit:
            self.add_text("You need an API key and its secret. Both are made in Scenario itself.")
        self.body.addWidget(self.form)
        self.body.addWidget(self._report)
        self.body.addWidget(self._keeping)
        self.body.addWidget(self._session_only)
        self._test = Button("Test", icon="activity")
        self._test.clicked.connect(self.test_requested)
        self.add_left(self._test)
        self.add_action("Cancel", REJECTED)
        self._anyway = self.add_action("Save anyway")
        self._anyway.clicked.connect(self.save_untested_requested)
        self._anyway.hide()
        verb = "Save" if self._is_edit else "Connect"
        self._save = self.add_action(verb, kind=ButtonKind.PRIMARY)
        self._save.clicked.connect(self.save_requested)
        self.set_first_focus(self.form.editor("key"))

    @property
    def is_session_only(self) -> bool:
        return self._session_only.isChecked()

    def draft(self) -> dict[str, Any]:
        return self.form.draft()

    def show_busy(self, *, is_testing: bool = False, is_saving: bool = False) -> None:
        """Show what is under way; nothing else can be started meanwhile."""
        self._test.set_busy(is_testing)
        self._save.set_busy(is_saving)
        self._test.setEnabled(not is_saving)
        self._save.setEnabled(not is_testing)
        self._anyway.setEnabled(not is_testing and not is_saving)

    def show_report(self, sentences: Sequence[str], *, is_good: bool) -> None:
        """Show what a test has proved, one sentence each; the last one of a failed test says why.

        After a failed one the account can be kept all the same.
        """
        self._report.show_sentences(sentences, is_good=is_good)
        self._anyway.setVisible(not is_good)
        self._revealing.start()

    def clear_report(self) -> None:
        self._report.hide()
        self._anyway.hide()

    def show_projects(self, choices: Sequence[Choice], chosen: str) -> None:
        """Offer the projects that the key sees."""
        self.form.set_choices(PROJECT_FIELD, choices)
        self.form.set_draft({PROJECT_FIELD: chosen})

    def show_keeping(self, text: str, *, has_keyring: bool) -> None:
        """Say where the keys will be kept; without a keyring there is a way to look again."""
        if has_keyring:
            self._keeping.set_message(text, Tone.INFO, icon="lock")
        else:
            self._keeping.set_message(text, Tone.WARNING, action="Look again")
        self._session_only.setVisible(has_keyring)

    def _on_revealing(self) -> None:
        self._scroll.ensureWidgetVisible(self._report)

    def _on_edited(self, _name: str) -> None:
        self.edited.emit()


class _Report(Card):
    """What a test has shown."""

    def __init__(self) -> None:
        super().__init__("raised")
        self.setAccessibleName("What the test has shown")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        self._lines: list[QWidget] = []
        self.hide()

    def show_sentences(self, sentences: Sequence[str], *, is_good: bool) -> None:
        for line in self._lines:
            self._column.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = []
        for index, sentence in enumerate(sentences):
            is_last = index == len(sentences) - 1
            if is_last and not is_good:
                self._add(sentence, "circle-alert", "danger", "danger")
            elif is_last:
                self._add(sentence, "info", "text_3", "text_2")
            else:
                self._add(sentence, "circle-check", "success", "text")
        self.show()

    def _add(self, sentence: str, icon: str, tone: str, text_tone: str) -> None:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel(icon, tone, 14), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(PlainLabel(sentence, "small", text_tone, wrap=True), 1)
        self._column.addWidget(line)
        self._lines.append(line)
