"""Tokens, type, the style sheet and the icons."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QColor, QFontInfo, QPalette
from PySide6.QtWidgets import QApplication, QWidget

import scenario_desktop
from scenario_desktop import paths
from scenario_desktop.ui import icons
from scenario_desktop.ui.theme import Theme, ThemeMode, color_names, current, tokens_of


def _luminance(color: QColor) -> float:
    def part(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    r, g, b = (part(v) for v in (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(a: QColor, b: QColor) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("ground", ["stage", "panel", "raised", "overlay"])
@pytest.mark.parametrize(
    ("ink", "least"),
    [
        *((ink, 4.5) for ink in ("text", "text_2", "text_3", "accent_text")),
        *((ink, 4.5) for ink in ("success", "warning", "danger", "info")),
        *((ink, 3.0) for ink in ("edge", "focus", "accent_line")),
    ],
)
def test_what_is_read_stands_out(name: str, ground: str, ink: str, least: float) -> None:
    tokens = tokens_of(name)
    assert _contrast(tokens.named(ink), tokens.named(ground)) >= least


@pytest.mark.parametrize("name", ["dark", "light"])
def test_chrome_is_neutral_grey(name: str) -> None:
    tokens = tokens_of(name)
    for ground in ("stage", "panel", "raised", "overlay", "hover", "pressed", "line"):
        color = tokens.named(ground)
        assert color.red() == color.green() == color.blue()


def test_the_style_sheet_uses_known_tokens_only(look: Theme) -> None:
    text = paths.resource("style", "window.qss").read_text(encoding="utf-8")
    words = {word for word in re.findall(r"@(\w+)", text) if not word.isdigit()}
    assert words <= color_names()
    assert "@" not in re.sub(r"/\*.*?\*/", "", look.qss())


@pytest.mark.parametrize(("mode", "grade"), [(ThemeMode.LIGHT, 0), (ThemeMode.DARK, -30)])
def test_inter_is_shipped_in_every_weight(look: Theme, mode: ThemeMode, grade: int) -> None:
    look.set_mode(mode)
    for style, weight in (("body", 400), ("body_strong", 500), ("label_strong", 600)):
        info = QFontInfo(look.font(style))
        assert (info.family(), int(info.weight())) == ("Inter", weight + grade)


def test_a_change_reaches_the_application(qapp: QApplication, look: Theme) -> None:
    heard: list[int] = []
    look.changed.connect(lambda: heard.append(1))
    look.set_mode(ThemeMode.LIGHT)
    look.set_scale(1.5)
    assert qapp.palette().color(QPalette.ColorRole.Window) == tokens_of("light").panel
    assert look.font("body").pixelSize() == 20
    assert len(heard) == 2


def test_heights_follow_the_text(qapp: QApplication, look: Theme) -> None:
    assert look.height(32) == 32
    look.set_scale(2.0)
    assert look.height(32) >= look.line() + 8


def test_the_theme_belongs_to_the_application(look: Theme) -> None:
    assert current() is look


@pytest.mark.parametrize(
    "file", sorted(paths.resource("icons").glob("*.svg")), ids=lambda p: p.stem
)
def test_every_icon_draws_something(file: Any, look: Theme) -> None:
    image = icons.pixmap(file.stem, 16, QColor("#ffffff"), 1.0).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(16) for y in range(16))


def test_only_icons_that_are_used_are_shipped() -> None:
    package = Path(scenario_desktop.__file__).parent
    code = "".join(file.read_text(encoding="utf-8") for file in package.rglob("*.py"))
    unused = [f.stem for f in paths.resource("icons").glob("*.svg") if f'"{f.stem}"' not in code]
    assert unused == []


def test_icons_wear_the_colour_asked_for(look: Theme) -> None:
    image = icons.pixmap("square", 16, QColor("#ff0000"), 2.0).toImage()
    colors = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
    assert any(c.red() > 240 and c.green() < 10 and c.alpha() > 240 for c in colors)


async def test_the_loop_runs_threads_and_timers(qt_loop: Any, qapp: QApplication) -> None:
    widget = QWidget()
    name = await asyncio.to_thread(lambda: "done")
    await asyncio.sleep(0.001)
    assert name == "done"
    widget.deleteLater()
