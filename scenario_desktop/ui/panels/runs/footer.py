"""What stands around the button of a run's form: price, time, reasons, what went wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from scenario_desktop.ui.panels.runs.state import Footer
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, PriceButton
from scenario_desktop.ui.widgets.sentences import FactRow, Reasons

_EDGE = 16


class FooterView(QWidget):
    """Shows a Footer.

    Signals:
        settings_requested: the way out of a refused spending.
        login_requested, retry_requested: the ways out where the service is not to be had.
    """

    settings_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.button = PriceButton("Start", shortcut="Ctrl+Return")
        self._error = Banner(tone=Tone.DANGER)
        self._price, self._usual = FactRow("Price"), FactRow("Usual time")
        self._reasons = Reasons()
        self._settings = Button("Spending settings", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._settings.clicked.connect(self.settings_requested)
        self._login = Button("Sign in again…", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._login.clicked.connect(self.login_requested)
        self._retry = Button("Try again", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._retry.clicked.connect(self.retry_requested)
        facts = QVBoxLayout()
        facts.setSpacing(6)
        facts.addWidget(self._price)
        facts.addWidget(self._usual)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_EDGE, 12, _EDGE, _EDGE)
        layout.setSpacing(8)
        layout.addWidget(self._error)
        layout.addLayout(facts)
        layout.addLayout(self._reasons)
        for link in (self._settings, self._login, self._retry):
            layout.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addSpacing(2)
        layout.addWidget(self.button)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_state(self, footer: Footer) -> None:
        self._error.set_message(footer.error, Tone.DANGER)
        self._error.setVisible(bool(footer.error))
        self._price.show_value(footer.price)
        self._usual.show_value(footer.usual)
        self._reasons.show_reasons(footer.reasons)
        self._settings.setVisible(footer.is_refused)
        self._login.setVisible(footer.needs_login)
        self._retry.setVisible(footer.is_offline)
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
