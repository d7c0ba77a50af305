"""What stands around the button of a form: price, time, reasons, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from scenario_desktop.services.words import counted
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, PriceButton
from scenario_desktop.ui.widgets.sentences import FactRow, Reasons

_EDGE = 16


@dataclass(frozen=True, slots=True)
class Footer:
    """All that stands around the button.

    Attributes:
        reasons: why it cannot be sent, each a sentence.
        error: what went wrong with the last attempt; ``note`` what else to know.
        is_refused: the user's own spending limit stands in the way.
        needs_login, is_offline: the service refuses the login, or cannot be reached.
        done: so many results can be shown, and nothing is left to send.
    """

    verb: str = ""
    price: str = ""
    usual: str = ""
    reasons: tuple[str, ...] = ()
    error: str = ""
    note: str = ""
    is_sending: bool = False
    is_refused: bool = False
    needs_login: bool = False
    is_offline: bool = False
    done: int = 0


class FooterView(QWidget):
    """Shows a Footer.

    Signals:
        settings_requested: the way out of a refused spending.
        login_requested, retry_requested: the ways out where the service is not to be had.
        results_requested: where to go when all is done.
    """

    settings_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()
    results_requested = Signal()

    def __init__(self, verb: str) -> None:
        super().__init__()
        self.button = PriceButton(verb, shortcut="Ctrl+Return")
        self._error = Banner(tone=Tone.DANGER)
        self._note = Banner(tone=Tone.INFO)
        self._price, self._usual = FactRow("Price"), FactRow("Usual time")
        self._reasons = Reasons()
        self._settings = _link("Spending settings", self.settings_requested)
        self._login = _link("Sign in again…", self.login_requested)
        self._retry = _link("Try again", self.retry_requested)
        self._results = _link("", self.results_requested)
        self._build()
        self._note.hide()
        self._results.hide()

    def _build(self) -> None:
        facts = QVBoxLayout()
        facts.setSpacing(6)
        facts.addWidget(self._price)
        facts.addWidget(self._usual)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE, 12, _EDGE, _EDGE)
        layout.setSpacing(8)
        layout.addWidget(self._error)
        layout.addWidget(self._note)
        layout.addLayout(facts)
        layout.addLayout(self._reasons)
        for link in (self._settings, self._login, self._retry, self._results):
            layout.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(2)
        layout.addWidget(self.button)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_state(self, footer: Footer) -> None:
        for banner, text, tone in (
            (self._error, footer.error, Tone.DANGER),
            (self._note, footer.note, Tone.INFO),
        ):
            banner.set_message(text, tone)
            banner.setVisible(bool(text))
        self._price.show_value(footer.price)
        self._usual.show_value(footer.usual)
        self._reasons.show_reasons(footer.reasons)
        self._settings.setVisible(footer.is_refused)
        self._login.setVisible(footer.needs_login)
        self._retry.setVisible(footer.is_offline)
        self._results.setText(f"Show {counted(footer.done, 'result')} in the library")
        self._results.setVisible(bool(footer.done))
        self._show_button(footer)

    def _show_button(self, footer: Footer) -> None:
        button = self.button
        if footer.is_sending:
            button.set_verb("Starting")
            button.set_asking()
        else:
            button.set_verb(footer.verb)
            button.set_price("")
        button.setEnabled(not footer.reasons)
        button.setAccessibleDescription(" ".join(footer.reasons))


def _link(text: str, signal: SignalInstance) -> Button:
    """Return a way out that is written like a link."""
    button = Button(text, kind=ButtonKind.LINK, size=ButtonSize.SMALL)
    button.clicked.connect(signal)
    return button
