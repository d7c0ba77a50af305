"""The search field: words as they are typed, and filters as tokens before them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCharFormat,
)
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLineEdit, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.modal import Frame
from scenario_desktop.ui.widgets.suggestions import Suggestions
from scenario_desktop.ui.widgets.tips import set_tip, tip

#: Words that may be typed before a colon, and an example of what follows, for the message.
WORDS: Mapping[str, str] = {
    "in": "a collection",
    "tag": "a tag, as in tag:forest",
    "kind": "a kind, as in kind:image",
    "type": "a type, as in type:detection",
    "status": "a status, as in status:success",
    "source": "a service, as in source:sartiq",
    "generation": "the id of a generation",
    "shot": "a shot, as in shot:front_full_body",
}
_TOKEN = re.compile(r'^(?P<not>-|not )?(?P<word>[a-z]+):(?P<value>"[^"]*"|\S*)$', re.IGNORECASE)
_UNFINISHED = re.compile(
    rf'(?:^|(?<=\s))(?:-|not )?(?:{"|".join(WORDS)}):(?:"[^"]*"?|\S*)$', re.IGNORECASE
)
#: No token is drawn wider than this, logical pixels at 100 %.
_PLACEHOLDER = "Search names, tags, prompts"
MAX_TOKEN_PX = 220
MIN_FIELD_PX = 96


@dataclass(frozen=True, slots=True)
class Token:
    """One filter.

    Attributes:
        word: what is filtered by, one of ``WORDS``.
        value: the exact value, such as a collection's id.
        label: what is read in its place, such as the collection's name.
    """

    word: str
    value: str
    label: str = ""
    is_excluded: bool = False

    @property
    def shown(self) -> str:
        return self.label or self.value

    def typed(self) -> str:
        """Return it as it would be typed."""
        quoted = f'"{self.shown}"' if " " in self.shown else self.shown
        return f"{'-' if self.is_excluded else ''}{self.word}:{quoted}"


def parse_token(text: str) -> Token | None:
    """Read "tag:forest", '-tag:"warm light"' or "not type:detection"; None for anything else."""
    match = _TOKEN.match(text.strip())
    if match is None or match["word"].lower() not in WORDS:
        return None
    value = match["value"].strip('"')
    return Token(match["word"].lower(), value, is_excluded=bool(match["not"])) if value else None


class _TokenButton(QAbstractButton):
    """A token; a press on its x, or Delete, takes it away. A press elsewhere opens it."""

    removed = Signal(object)

    def __init__(self, token: Token, parent: QWidget) -> None:
        super().__init__(parent)
        self.token = token
        words = f"{'not ' if token.is_excluded else ''}{token.word} {token.shown}"
        self.setAccessibleName(f"Filter {words}")
        self.setToolTip(tip(words))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setProperty("ring_radius", 4)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        metrics = look.metrics("small_strong")
        width = (
            6 + metrics.horizontalAdvance(self._word()) + metrics.horizontalAdvance(self._value())
        )
        width = min(width + 4 + look.px(12) + 6, look.px(MAX_TOKEN_PX))
        return QSize(width, look.height(22, "small", 3))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        t = look.tokens
        painter = painting.antialiased(QPainter(self))
        ground = t.danger_soft if self.token.is_excluded else t.accent_soft
        painting.box(painter, self.rect(), 4, ground)
        font = look.font("small_strong")
        width = look.metrics("small_strong").horizontalAdvance(self._word())
        value = t.danger if self.token.is_excluded else t.accent_text
        word = t.danger if self.token.is_excluded else t.text
        height = self.height()
        painting.text(painter, QRectF(6, 0, width + 1, height), self._word(), font, word)
        cross = self._x_area()
        area = QRectF(6 + width, 0, cross.left() - 6 - width, height)
        elide = Qt.TextElideMode.ElideMiddle
        painting.text(painter, area, self._value(), font, value, elide=elide)
        icons.paint(painter, cross, "x", 12, t.text if self.underMouse() else value)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isDown() and self._x_area().contains(event.position()):
            self.setDown(False)
            self.removed.emit(self.token)
        else:
            super().mouseReleaseEvent(event)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(self.token)
        else:
            super().keyPressEvent(event)

    def _word(self) -> str:
        return f"{'not ' if self.token.is_excluded else ''}{self.token.word} "

    def _value(self) -> str:
        return self.token.shown

    def _x_area(self) -> QRectF:
        side = theme.current().px(12) + 8
        return QRectF(self.width() - side, 0, side, self.height())


class SearchBox(QWidget):
    """Text and tokens.

    A token is made of "tag:forest" when a space or Enter follows; Backspace at the start opens the
    last one again. Escape clears the text, then lets go of the field.

    Signals:
        changed: text or tokens, by the user; at once, so whoever searches waits a moment.
        completions_wanted: the word and the beginning of the value of a filter being typed.
        left: Enter or Down wishes to go to the results, Escape to give up the field.
        failed: what is wrong with the typed filter, "" when it is right again.
    """

    changed = Signal()
    completions_wanted = Signal(str, str)
    left = Signal()
    failed = Signal(str)

    def __init__(self, *, shortcut: str = "Ctrl+F", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tokens: list[_TokenButton] = []
        self._error = ""
        self._message: _Message | None = None
        self._suggestions: Suggestions | None = None
        self._cap = KeyCap(shortcut)
        self._more = _More(self)
        self.field = QLineEdit()
        self.field.setProperty("bare", "true")
        self.field.setAccessibleName("Search")
        self.field.setPlaceholderText(_PLACEHOLDER)
        self.field.installEventFilter(self)
        self.field.textEdited.connect(self._on_edited)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(9, 0, 8, 0)
        self._row.setSpacing(6)
        self._row.addWidget(IconLabel("search", "text_2"))
        self._row.addWidget(self._more)
        self._row.addWidget(self.field, 1)
        self._row.addWidget(self._cap)
        self._more.hide()
        self.setFocusProxy(self.field)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.current().changed.connect(self.updateGeometry)

    def text(self) -> str:
        """Return the words typed, without tokens, also without one that is still being typed."""
        return _UNFINISHED.sub("", self.field.text()).strip()

    def set_text(self, text: str) -> None:
        """Show words; ``changed`` stays silent."""
        if text != self.field.text():
            self.field.setText(text)
            self._set_error("")

    def tokens(self) -> tuple[Token, ...]:
        return tuple(button.token for button in self._tokens)

    def set_tokens(self, tokens: Sequence[Token]) -> None:
        """Show filters; ``changed`` stays silent."""
        if tuple(tokens) == self.tokens():
            return
        for button in self._tokens:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._tokens = []
        for token in tokens:
            button = _TokenButton(token, self)
            button.removed.connect(self._on_removed)
            button.clicked.connect(self._on_opened)
            self._row.insertWidget(self._row.indexOf(self.field), button)
            self._tokens.append(button)
            button.show()
        self._fit_tokens()
        self._update_placeholder()

    def offer(self, word: str, prefix: str, rows: Sequence[tuple[str, str]]) -> None:
        """Offer values with a note each for the filter being typed, if it is still that one."""
        if self._pending() is None or self._pending_parts() != (word, prefix):
            rows = ()
        if self._suggestions is None:
            if not rows:
                return
            self._suggestions = Suggestions(self)
            self._suggestions.chosen.connect(self._take_value)
        self._suggestions.offer(rows, width=min(360, max(240, self.width())))

    def offered(self) -> list[str]:
        """Return the values that are offered now."""
        return self._suggestions.values() if self._suggestions is not None else []

    def set_narrow(self, is_narrow: bool) -> None:
        """Leave the shortcut away where there is little room."""
        self._cap.setVisible(not is_narrow)

    def clear(self) -> None:
        """Take everything out, as the user's wish."""
        self.set_tokens(())
        self.field.clear()
        self._set_error("")
        self.changed.emit()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        return QSize(480, look.height(32, "body", 6))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        is_focused = self.field.hasFocus()
        fill = t.hover_raised if self.underMouse() and not is_focused else t.raised
        line = t.focus if is_focused else t.line
        if self._error:
            line = t.danger
        painting.box(painter, self.rect(), 6, fill, line, width=2 if is_focused else 1)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_tokens()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self.update()
            self._update_message()
            if event.type() == QEvent.Type.FocusOut:
                self._close_suggestions()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._on_key(event)
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if self._suggestions is not None and self._suggestions.marked():
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._suggestions.move_mark(1 if key is Qt.Key.Key_Down else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
                self._take_value(self._suggestions.marked())
                return True
        if key is Qt.Key.Key_Backspace and self._tokens and self._is_at_start():
            self._open(self._tokens[-1])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not self._take_token():
                self.left.emit()
        elif key is Qt.Key.Key_Space:
            return self._take_token()
        elif key is Qt.Key.Key_Down:
            self.left.emit()
        elif key is Qt.Key.Key_Escape:
            if self.field.text():
                self.field.clear()
                self._set_error("")
                self.changed.emit()
            else:
                self.left.emit()
        else:
            return False
        return True

    def _is_at_start(self) -> bool:
        return self.field.cursorPosition() == 0 and not self.field.hasSelectedText()

    def _pending(self) -> re.Match[str] | None:
        """Find the filter that is still being typed at the end of the text."""
        return _UNFINISHED.search(self.field.text())

    def _pending_parts(self) -> tuple[str, str]:
        match = self._pending()
        word, _, value = match[0].partition(":") if match is not None else ("", "", "")
        return word.removeprefix("-").removeprefix("not ").lower(), value.strip('"')

    def _take_value(self, value: str) -> None:
        """Make a token of the filter being typed, with a value that was offered."""
        match = self._pending()
        if match is None:
            return
        is_excluded = match[0].lower().startswith(("-", "not "))
        token = Token(self._pending_parts()[0], value, is_excluded=is_excluded)
        self.field.setText(self.field.text()[: match.start()].rstrip())
        self._close_suggestions()
        self.set_tokens((*self.tokens(), token))
        self.changed.emit()

    def _close_suggestions(self) -> None:
        if self._suggestions is not None:
            self._suggestions.offer((), width=0)

    def _take_token(self) -> bool:
        """Turn the word before the cursor into a token, if it is one."""
        place = self.field.cursorPosition()
        before, after = self.field.text()[:place], self.field.text()[place:]
        match = re.search(r'(?:^|(?<=\s))((?:-|not )?[A-Za-z]+:(?:"[^"]*"|[^\s"]*))$', before)
        token = parse_token(match[1]) if match else None
        if match is None or token is None:
            return False
        self.field.setText((before[: match.start()] + after).strip())
        self._set_error("")
        self._close_suggestions()
        self.set_tokens((*self.tokens(), token))
        self.changed.emit()
        return True

    def _on_edited(self, text: str) -> None:
        self._set_error(self._wrong(text))
        self._update_placeholder()
        if self._pending() is not None:
            self.completions_wanted.emit(*self._pending_parts())
        else:
            self._close_suggestions()
        if not self._error:
            self.changed.emit()

    def _wrong(self, text: str) -> str:
        """Return what is wrong with a filter that is left unfinished, "" if nothing is."""
        for part in text.split()[:-1]:
            word, colon, value = part.lstrip("-").partition(":")
            if colon and word.lower() in WORDS and not value:
                return f"After “{word}:” goes {WORDS[word.lower()]}"
        return ""

    def _set_error(self, message: str) -> None:
        if message == self._error:
            return
        self._error = message
        set_tip(self.field, message)
        self._underline(message)
        self._update_message()
        self.failed.emit(message)
        self.update()

    def _update_message(self) -> None:
        """Show what is wrong below the field, for as long as it is being typed in."""
        if not self._error or not self.field.hasFocus():
            if self._message is not None:
                self._message.hide()
            return
        if self._message is None:
            self._message = _Message(self.window())
        self._message.set_text(self._error)
        self._message.adjustSize()
        below = self.mapTo(self.window(), QPoint(0, self.height() + 4))
        self._message.move(below - QPoint(self._message.margin, self._message.margin))
        self._message.show()
        self._message.raise_()

    def _underline(self, message: str) -> None:
        """Draw a wave under the wrong part. A line edit takes formats only this way."""
        attributes = []
        match = re.search(r"-?\w+:(?=\s|$)", self.field.text()) if message else None
        if match is not None:
            wave = QTextCharFormat()
            wave.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            wave.setUnderlineColor(QColor(theme.current().tokens.danger))
            start = match.start() - self.field.cursorPosition()
            kind = QInputMethodEvent.AttributeType.TextFormat
            length = match.end() - match.start()
            attributes = [QInputMethodEvent.Attribute(kind, start, length, wave)]
        QCoreApplication.sendEvent(self.field, QInputMethodEvent("", attributes))

    def _on_removed(self, token: Token) -> None:
        self.set_tokens([kept for kept in self.tokens() if kept != token])
        self.field.setFocus()
        self.changed.emit()

    def _on_opened(self) -> None:
        button = self.sender()
        if isinstance(button, _TokenButton):
            self._open(button)

    def _open(self, button: _TokenButton) -> None:
        """Put a token back into the field as text."""
        token = button.token
        self.set_tokens([kept for kept in self.tokens() if kept != token])
        rest = self.field.text()
        self.field.setText(f"{token.typed()} {rest}" if rest else token.typed())
        self.field.setCursorPosition(len(token.typed()))
        self.field.setFocus()
        self.changed.emit()

    def _update_placeholder(self) -> None:
        narrow = len(self._tokens) > 1
        self.field.setPlaceholderText("Add a filter or text" if narrow else _PLACEHOLDER)

    def _fit_tokens(self) -> None:
        """Show as many of the newest tokens as leave room to type; count the others."""
        cap = self._cap.sizeHint().width() if self._cap.isVisibleTo(self) else 0
        room = self.width() - cap - MIN_FIELD_PX - 60
        hidden = []
        for button in reversed(self._tokens):
            room -= button.sizeHint().width() + self._row.spacing()
            button.setVisible(room > 0 or button is self._tokens[-1])
            if not button.isVisibleTo(self):
                hidden.append(button.token)
        self._more.set_hidden_tokens(hidden)


class _Message(Frame):
    """What is wrong with a filter, below the field."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(parent=window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label = PlainLabel("", "small", "danger")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(IconLabel("circle-alert", "danger", 14))
        row.addWidget(self._label)

    def set_text(self, text: str) -> None:
        self._label.setText(text)
        self.setAccessibleName(text)


class _More(QWidget):
    """Says how many tokens had no room."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._count = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_hidden_tokens(self, tokens: Sequence[Token]) -> None:
        self._count = len(tokens)
        self.setVisible(bool(tokens))
        self.setAccessibleName(f"{len(tokens)} more filters")
        set_tip(self, "\n".join(token.typed() for token in tokens))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        width = look.metrics("small_strong").horizontalAdvance(f"+{self._count}")
        return QSize(width + 12, look.height(22, "small", 3))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        look = theme.current()
        painter = painting.antialiased(QPainter(self))
        painting.box(painter, self.rect(), 4, look.tokens.accent_soft)
        center = Qt.AlignmentFlag.AlignHCenter
        font, color = look.font("small_strong"), look.tokens.accent_text
        painting.text(painter, self.rect(), f"+{self._count}", font, color, center)
