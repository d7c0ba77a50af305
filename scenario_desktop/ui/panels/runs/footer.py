"""What stands around the button of a run's form: price, time, reasons, what went wrong."""

from __future__ import annotations

from itertools import zip_longest

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from scenario_desktop.ui.panels.runs.state import Footer
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, PriceButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel

_EDGE = 16


class FooterView(QWidget):
    """Shows a Footer.

    Signals:
        settings_requested: the way out of a refused spending.
        login_requested: the way out of a refused login.
    """

    settings_requested = Signal()
    login_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.button = PriceButton("Start", shortcut="Ctrl+Return")
        self._error = Banner(tone=Tone.DANGER)
        self._price, self._usual = _FactRow("Price"), _FactRow("Usual time")
        self._reasons = QVBoxLayout()
        self._reasons.setSpacing(4)
        self._rows: list[_ReasonRow] = []
        self._settings = Button("Spending settings", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._settings.clicked.connect(self.settings_requested)
        self._login = Button("Sign in again…", kind=ButtonKind.LINK, size=ButtonSize.SMALL)
        self._login.clicked.connect(self.login_requested)
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
        layout.addWidget(self._settings, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._login, 0, Qt.AlignmentFlag.AlignLeft)
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
        while len(self._rows) < len(footer.reasons):
            self._rows.append(_ReasonRow())
            self._reasons.addWidget(self._rows[-1])
        for row, reason in zip_longest(self._rows, footer.reasons):
            row.show_reason(reason)
        self._settings.setVisible(footer.is_refused)
        self._login.setVisible(footer.needs_login)
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


class _FactRow(QWidget):
    def __init__(self, title: str) -> None:
        super().__init__()
        self._value = ElidedLabel("", "small", "text_3")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(PlainLabel(title, "small", "text_2"))
        row.addWidget(self._value, 1)

    def show_value(self, value: str) -> None:
        self.setVisible(bool(value))
        self._value.setText(value)


class _ReasonRow(QWidget):
    """One reason why the form cannot be sent."""

    def __init__(self) -> None:
        super().__init__()
        self._text = PlainLabel("", "small", "text_2", wrap=True)
        sign = QVBoxLayout()
        sign.addSpacing(1)
        sign.addWidget(IconLabel("circle-alert", "text_3", 14))
        sign.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(sign)
        row.addWidget(self._text, 1)

    def show_reason(self, reason: str | None) -> None:
        self.setVisible(bool(reason))
        self._text.setText(reason or "")
