"""Colours, type and measures of the window, and the one style sheet made from them.

The values lie in ``resources/style/tokens.json``. A theme is applied to the QApplication, as its
palette, its font and its style sheet; painted widgets read the same tokens through ``current()``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from typing import Any, cast

from PySide6.QtCore import QEasingCurve, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from scenario_desktop import paths

FAMILY = "Inter"
#: Light strokes on dark look bolder than dark ones on light: Qt blends glyphs in linear light. The
#: fonts come in a second, lighter grade of each weight for that.
DARK_GRADE = 30
_LIGHT_FONTS = ("Regular", "Medium", "SemiBold")
_DARK_FONTS = ("Grade370", "Grade470", "Grade570")
_STYLED = "begins_in_fusion"
MIN_SCALE, MAX_SCALE = 1.0, 2.0


class ThemeMode(StrEnum):
    """What the user chose; the system's own choice is asked for where it is known."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme. Every painted pixel of ours comes from here."""

    stage: QColor
    panel: QColor
    raised: QColor
    overlay: QColor
    hover: QColor
    pressed: QColor
    hover_raised: QColor
    line_subtle: QColor
    line: QColor
    edge: QColor
    text: QColor
    text_2: QColor
    text_3: QColor
    text_disabled: QColor
    text_on_fill: QColor
    accent: QColor
    accent_hover: QColor
    accent_pressed: QColor
    accent_soft: QColor
    accent_text: QColor
    accent_line: QColor
    success: QColor
    success_soft: QColor
    warning: QColor
    warning_soft: QColor
    danger: QColor
    danger_soft: QColor
    danger_fill: QColor
    danger_fill_hover: QColor
    danger_fill_pressed: QColor
    info: QColor
    info_soft: QColor
    lock_mine: QColor
    lock_other: QColor
    lock_lost: QColor
    lock_other_soft: QColor
    lock_lost_soft: QColor
    focus: QColor
    selection: QColor
    selection_text: QColor
    find: QColor
    check_a: QColor
    check_b: QColor
    artboard_edge: QColor
    badge_bg: QColor
    badge_text: QColor
    scrim: QColor
    shadow: QColor
    slider_thumb: QColor
    series: tuple[QColor, ...]
    is_dark: bool

    def named(self, name: str) -> QColor:
        """Return a colour by its token name, such as "text_2"."""
        return cast(QColor, getattr(self, name))


@cache
def _file() -> dict[str, Any]:
    text = paths.resource("style", "tokens.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def _color(value: str | dict[str, Any]) -> QColor:
    # Eight digits would be read as #AARRGGBB, so translucent values are a pair.
    if isinstance(value, str):
        return QColor(value)
    color = QColor(value["hex"])
    color.setAlphaF(value["alpha"])
    return color


@cache
def tokens_of(name: str) -> Tokens:
    """Return the colours of "dark" or "light"."""
    colors = {key: _color(value) for key, value in _file()["color"][name].items()}
    series = tuple(QColor(value) for value in _file()["chart"][name])
    return Tokens(**colors, series=series, is_dark=name == "dark")


def metric(*keys: str) -> Any:
    """Return a measure of the token file, such as ``metric("layout", "sidebar", "min")``."""
    value: Any = _file()
    for key in keys:
        value = value[key]
    return value


class Theme(QObject):
    """The look as applied: which colours, and how large the text is.

    Attributes:
        tokens: the colours in force.
        mode: what the user chose.
        scale: size of text, 1.0 to 2.0.
        is_still: no motion at all, as some systems and people ask for.

    Signals:
        changed: colours or sizes are others now; palette, font and style sheet are already set.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mode = ThemeMode.SYSTEM
        self.scale = 1.0
        self.is_still = False
        self.tokens = tokens_of("dark")
        self._app: QApplication | None = None
        self._fonts: dict[str, QFont] = {}
        self._loaded: set[str] = set()

    def apply(
        self, app: QApplication, mode: ThemeMode = ThemeMode.SYSTEM, scale: float = 1.0
    ) -> None:
        """Put the look on the application. May be called again at any time."""
        if self._app is None:
            self._app = app
            self.setParent(app)
            app.setProperty("theme", self)
            if app.property(_STYLED) is None:
                app.setStyle("Fusion")
            app.styleHints().colorSchemeChanged.connect(self._on_system_changed)
        self.mode = ThemeMode(mode)
        self.scale = min(MAX_SCALE, max(MIN_SCALE, scale))
        self.tokens = tokens_of("light" if self._is_light() else "dark")
        self._fonts.clear()
        self._load_fonts()
        app.setPalette(self._palette())
        app.setFont(self.font("body"))
        app.setStyleSheet(self.qss())
        self.changed.emit()

    def set_mode(self, mode: ThemeMode) -> None:
        if self._app is not None and mode != self.mode:
            self.apply(self._app, mode, self.scale)

    def set_scale(self, scale: float) -> None:
        if self._app is not None and scale != self.scale:
            self.apply(self._app, self.mode, scale)

    def px(self, value: float) -> int:
        """Return a length that grows with the text, in logical pixels."""
        return round(value * self.scale)

    def line(self, style: str = "body") -> int:
        """Return the height of one line of a type style, in logical pixels."""
        return self.px(metric("font", style, "line"))

    def height(self, token: int, style: str = "body", padding: int = 4) -> int:
        """Return the height of a control that holds a line of text: never less than the text."""
        return max(token, self.line(style) + 2 * padding)

    def font(self, style: str = "body") -> QFont:
        """Return a type style by its token name: page, title, body, small, caption, mono, …"""
        if style not in self._fonts:
            self._fonts[style] = self._make_font(style)
        return QFont(self._fonts[style])

    def metrics(self, style: str = "body") -> QFontMetrics:
        return QFontMetrics(self.font(style))

    def duration(self, name: str = "base") -> int:
        """Return how long a motion takes, milliseconds; 0 where there is to be none."""
        return 0 if self.is_still else int(metric("motion", name))

    def curve(self, name: str = "in") -> QEasingCurve:
        return QEasingCurve(getattr(QEasingCurve.Type, metric("motion", name)))

    def qss(self) -> str:
        """Return the application's style sheet: ``@name`` is a colour, ``@12`` a scaled length."""
        text = paths.resource("style", "window.qss").read_text(encoding="utf-8")

        def value(match: re.Match[str]) -> str:
            word = match[1]
            return f"{self.px(int(word))}px" if word.isdigit() else _css(self.tokens.named(word))

        return re.sub(r"@(\w+)", value, text)

    def _load_fonts(self) -> None:
        """Load the weights of this theme; those of the other one only when it is put on."""
        weights = _DARK_FONTS if self.tokens.is_dark else _LIGHT_FONTS
        for name in weights:
            if name not in self._loaded:
                self._loaded.add(name)
                file = paths.resource("fonts", f"{FAMILY}-{name}.ttf")
                QFontDatabase.addApplicationFont(str(file))

    def _make_font(self, style: str) -> QFont:
        if style == "mono":
            font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
            font.setPixelSize(self.px(11))
            return font
        spec = metric("font", style)
        weight = spec["weight"] - (DARK_GRADE if self.tokens.is_dark else 0)
        font = QFont(FAMILY, -1, weight)
        font.setPixelSize(self.px(spec["px"]))
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        font.setFeature(QFont.Tag("tnum"), 1)
        spacing = spec.get("letter_spacing", 0.0)
        if spacing:
            font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, spacing * self.scale)
        return font

    def _is_light(self) -> bool:
        if self.mode is not ThemeMode.SYSTEM or self._app is None:
            return self.mode is ThemeMode.LIGHT
        return self._app.styleHints().colorScheme() is Qt.ColorScheme.Light

    def _on_system_changed(self) -> None:
        if self.mode is ThemeMode.SYSTEM and self._app is not None:
            self.apply(self._app, self.mode, self.scale)

    def _palette(self) -> QPalette:
        roles, t = QPalette.ColorRole, self.tokens
        palette = QPalette()
        for role, color in {
            roles.Window: t.panel,
            roles.Base: t.raised,
            roles.AlternateBase: t.raised,
            roles.Button: t.raised,
            roles.ToolTipBase: t.overlay,
            roles.WindowText: t.text,
            roles.Text: t.text,
            roles.ButtonText: t.text,
            roles.ToolTipText: t.text,
            roles.PlaceholderText: t.text_3,
            roles.Highlight: t.selection,
            roles.HighlightedText: t.selection_text,
            roles.Accent: t.accent,
            roles.Link: t.accent_text,
            roles.LinkVisited: t.accent_text,
            roles.BrightText: t.danger,
            roles.Light: t.line,
            roles.Midlight: t.line_subtle,
            roles.Mid: t.line,
            roles.Dark: t.edge,
            roles.Shadow: QColor("#000000"),
        }.items():
            palette.setColor(role, color)
        for role in (roles.WindowText, roles.Text, roles.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, t.text_disabled)
        return palette


def make_application(name: str) -> QApplication:
    """Return the one QApplication, made if need be, in the style that the theme is drawn on.

    Given as an argument it costs nothing; ``setStyle`` would load all that Python may ask of a
    style, 5 ms of every start.
    """
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    application = QApplication([name, "-style", "fusion"])
    application.setProperty(_STYLED, True)
    application.setApplicationName(name)
    application.setApplicationDisplayName("Scenario Desktop")
    application.setDesktopFileName(name)
    return application


def current() -> Theme:
    """Return the theme that the running QApplication wears.

    It belongs to the application as its style and its palette do. Without one, which only happens
    in a test of a single widget, the dark one is put on.
    """
    app = cast("QApplication | None", QApplication.instance())
    if app is None:
        raise RuntimeError("make the QApplication first")
    theme = app.property("theme")
    if not isinstance(theme, Theme):
        theme = Theme()
        theme.apply(app, ThemeMode.DARK)
    return theme


def with_alpha(color: QColor, alpha: float) -> QColor:
    """Return a colour at another opacity, 0 to 1."""
    result = QColor(color)
    result.setAlphaF(alpha)
    return result


def color_names() -> frozenset[str]:
    return frozenset(f.name for f in fields(Tokens)) - {"series", "is_dark"}


def _css(color: QColor) -> str:
    if color.alpha() == 255:
        return color.name()
    percent = round(color.alphaF() * 100)
    return f"rgba({color.red()}, {color.green()}, {color.blue()}, {percent}%)"
