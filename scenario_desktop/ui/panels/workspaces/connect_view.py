"""The dialog that connects an account, or edits a connected one: one page for each service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.ui.dialogs import REJECTED, Dialog
from scenario_desktop.ui.forms.form import Form
from scenario_desktop.ui.forms.spec import Choice, FieldSpec
from scenario_desktop.ui.panels.workspaces.state import (
    ADVANCED,
    PROJECT_FIELD,
    TEAM,
    Half,
    connect_specs,
    is_filled,
    name_specs,
    sartiq_specs,
)
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.segmented import Segment, Segmented
from scenario_desktop.ui.widgets.surface import Card
from scenario_desktop.ui.widgets.switch import Switch

_WIDTH = 520
_INTRO = {
    Half.SCENARIO: "You need an API key and its secret. Both are made in Scenario itself.",
    Half.SARTIQ: "You need the address of your server, and the user name and password that you "
    "sign in with there.",
}
#: Where typing begins in a half that is connected already.
_SECRETS = {Half.SCENARIO: "key", Half.SARTIQ: "password"}


class ConnectDialog(Dialog):
    """Asks for keys and project, or for a login; shows what a test has proved of each.

    A workspace may have one service or both, so that what is left empty is not connected.

    Attributes:
        form: the fields of a ``ConnectDraft``.
        sartiq_form: the fields of a ``SartiqDraft``.
        name_form: the field of a ``NameDraft``.

    Signals:
        edited: a field changed, so an earlier test of this half proves nothing any more.
        test_requested: try the connection of this half.
        disconnect_requested: take this half out of the workspace.
        sign_out_requested: forget the password of the Sartiq half.
        save_requested: keep the account; it is tried first.
        save_untested_requested: keep it although the test failed.
        keyring_requested: look for the system keyring again.
    """

    edited = Signal(object)
    test_requested = Signal(object)
    disconnect_requested = Signal(object)
    sign_out_requested = Signal()
    save_requested = Signal()
    save_untested_requested = Signal()
    keyring_requested = Signal()

    def __init__(
        self,
        parent: QWidget,
        *,
        name: str = "",
        kept: frozenset[Half] = frozenset(),
        has_team_key: bool = False,
        is_signed_out: bool = False,
    ) -> None:
        """
        Args:
            name: of the account that is edited; empty for a new one.
            kept: the halves that it has.
            is_signed_out: of the Sartiq half, whose password is not kept then.
        """
        title = f"Edit “{name}”" if name else "Connect an account"
        super().__init__(parent, title, width=_WIDTH)
        is_kept = Half.SCENARIO in kept
        scenario = connect_specs(is_edit=is_kept, has_team_key=has_team_key)
        sartiq = sartiq_specs(is_kept=Half.SARTIQ in kept, is_signed_out=is_signed_out)
        has_login = Half.SARTIQ in kept and not is_signed_out
        self.name_form = Form(name_specs())
        self._pages = {
            Half.SCENARIO: _Page(Half.SCENARIO, scenario, (TEAM, ADVANCED), kept),
            Half.SARTIQ: _Page(Half.SARTIQ, sartiq, (ADVANCED,), kept, has_login=has_login),
        }
        self.form = self._pages[Half.SCENARIO].form
        self.sartiq_form = self._pages[Half.SARTIQ].form
        segments = [Segment(half, half.service, "check" if half in kept else "") for half in Half]
        self._halves = Segmented(segments, name="Service")
        self._halves.chosen.connect(self._on_half_chosen)
        # Once the dialog has its new height: in a small window the report may lie below the edge.
        self._revealing = QTimer(self, singleShot=True, interval=30)
        self._revealing.timeout.connect(self._on_revealing)
        self._keeping = Banner()
        self._keeping.action_requested.connect(self.keyring_requested)
        self._session_only = Switch("Keep the keys for this session only")
        self._is_new = not name
        self._kept = kept
        self._fill()
        self._test = Button("Test", icon="activity")
        self._test.clicked.connect(self._on_test_clicked)
        self.add_left(self._test)
        self.add_action("Cancel", REJECTED)
        self._anyway = self.add_action("Save anyway")
        self._anyway.clicked.connect(self.save_untested_requested)
        self._anyway.hide()
        self._save = self.add_action("Save" if name else "Connect", kind=ButtonKind.PRIMARY)
        self._save.clicked.connect(self.save_requested)
        first = Half.SARTIQ if kept == {Half.SARTIQ} else Half.SCENARIO
        self.show_half(first)
        self.set_first_focus(self._pages[first].first_editor)

    def begin_with(self, half: Half) -> None:
        """Open with this half, at what is most likely to be typed: for one kept, the secret."""
        self.show_half(half)
        page = self._pages[half]
        self.set_first_focus(page.secret_editor if half in self._kept else page.first_editor)

    def _fill(self) -> None:
        self.body.addWidget(self.name_form)
        halves = QVBoxLayout()
        halves.setSpacing(6)
        halves.addWidget(self._halves)
        if self._is_new:
            halves.addWidget(PlainLabel("One of the two is enough.", "small", "text_3"))
        self.body.addLayout(halves)
        for page in self._pages.values():
            page.form.edited.connect(self._on_edited)
            page.disconnect_requested.connect(self.disconnect_requested)
            page.sign_out_requested.connect(self.sign_out_requested)
            self.body.addWidget(page)
        self.body.addWidget(self._keeping)
        self.body.addWidget(self._session_only)

    @property
    def is_session_only(self) -> bool:
        return self._session_only.isChecked()

    @property
    def half(self) -> Half:
        """The half that is shown."""
        return Half(self._halves.value())

    def show_half(self, half: Half) -> None:
        self._halves.set_value(half)
        for other, page in self._pages.items():
            page.setVisible(other is half)
        self._show_anyway()

    def is_filled(self, half: Half) -> bool:
        """Whether the user has entered anything there."""
        page = self._pages[half]
        return is_filled(page.specs, page.form.draft())

    def form_of(self, half: Half) -> Form:
        return self._pages[half].form

    def draft(self, half: Half) -> dict[str, Any]:
        return self._pages[half].form.draft()

    def set_draft(self, draft: dict[str, Any]) -> None:
        """Fill in fields of all pages, and the name."""
        for form in (self.name_form, self.form, self.sartiq_form):
            form.set_draft(draft)

    def show_busy(self, *, is_testing: bool = False, is_saving: bool = False) -> None:
        """Show what is under way; nothing else can be started meanwhile."""
        self._test.set_busy(is_testing)
        self._save.set_busy(is_saving)
        self._test.setEnabled(not is_saving)
        self._save.setEnabled(not is_testing)
        self._anyway.setEnabled(not is_testing and not is_saving)
        self._halves.setEnabled(not is_testing and not is_saving)

    def show_report(self, half: Half, sentences: Sequence[str], *, is_good: bool) -> None:
        """Show what a test of a half has proved, one sentence each.

        The last one of a failed test says why. After that the account can be kept all the same.
        """
        self._pages[half].report.show_sentences(sentences, is_good=is_good)
        self._show_anyway()
        self._revealing.start()

    def clear_report(self, half: Half) -> None:
        self._pages[half].report.clear()
        self._show_anyway()

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

    def _show_anyway(self) -> None:
        self._anyway.setVisible(any(page.report.is_bad for page in self._pages.values()))

    def _on_half_chosen(self, value: str) -> None:
        self.show_half(Half(value))

    def _on_test_clicked(self) -> None:
        self.test_requested.emit(self.half)

    def _on_revealing(self) -> None:
        self._scroll.ensureWidgetVisible(self._pages[self.half].report)

    def _on_edited(self, _name: str) -> None:
        self.edited.emit(self.half)


class _Page(QWidget):
    """The fields of one service, with what a test of them has shown.

    Signals:
        disconnect_requested: the half, when the user does not want it here any more.
        sign_out_requested: forget the password of this half.
    """

    disconnect_requested = Signal(object)
    sign_out_requested = Signal()

    def __init__(
        self,
        half: Half,
        specs: tuple[FieldSpec, ...],
        folded: tuple[str, ...],
        kept: frozenset[Half],
        *,
        has_login: bool = False,
    ) -> None:
        super().__init__()
        self.specs = specs
        self._half = half
        self.form = Form(specs, folded=folded)
        self.report = _Report()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        if half not in kept:
            column.addWidget(PlainLabel(_INTRO[half], tone="text_2", wrap=True))
        column.addWidget(self.form)
        column.addWidget(self.report)
        ways_out = QHBoxLayout()
        ways_out.setSpacing(8)
        if has_login:
            sign_out = Button(f"Sign out of {half.service}…", icon="log-out", size=ButtonSize.SMALL)
            sign_out.clicked.connect(self.sign_out_requested)
            ways_out.addWidget(sign_out)
        if half in kept and len(kept) > 1:
            leave = Button(
                f"Disconnect {half.service}…",
                icon="x",
                kind=ButtonKind.DANGER_GHOST,
                size=ButtonSize.SMALL,
            )
            leave.clicked.connect(self._on_leave_clicked)
            ways_out.addWidget(leave)
        if ways_out.count():
            ways_out.addStretch(1)
            column.addLayout(ways_out)

    @property
    def first_editor(self) -> QWidget:
        return self.form.editor(self.specs[0].name)

    @property
    def secret_editor(self) -> QWidget:
        return self.form.editor(_SECRETS[self._half])

    def _on_leave_clicked(self) -> None:
        self.disconnect_requested.emit(self._half)


class _Report(Card):
    """What a test has shown.

    Attributes:
        is_bad: it shows a failure.
    """

    def __init__(self) -> None:
        super().__init__("raised")
        self.is_bad = False
        self.setAccessibleName("What the test has shown")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 10)
        self._column.setSpacing(6)
        self._lines: list[QWidget] = []
        self.hide()

    def clear(self) -> None:
        self.is_bad = False
        self.hide()

    def show_sentences(self, sentences: Sequence[str], *, is_good: bool) -> None:
        self.is_bad = not is_good
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
