"""The settings dialog: what it shows, and that changes apply at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from scenario_desktop.errors import StoreFailed
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui.forms.drafts import SettingsDrafts
from scenario_desktop.ui.forms.form import Form
from scenario_desktop.ui.panels.settings import controller
from scenario_desktop.ui.panels.settings.controller import SettingsController, SettingsPorts
from scenario_desktop.ui.panels.settings.state import size_text, spending_sentence
from scenario_desktop.ui.panels.settings.view import SettingsDialog, SettingsSection
from scenario_desktop.ui.theme import Theme, ThemeMode
from scenario_desktop.ui.widgets.labels import PlainLabel
from tests.fakes import FakeNotices
from tests.support import until


@dataclass
class FakeThumbnails:
    used: int = 300 * 2**20
    error: StoreFailed | None = None

    async def size_bytes(self) -> int:
        return self.used

    async def clear(self) -> None:
        if self.error is not None:
            raise self.error
        self.used = 0


class Room:
    """An open dialog over a real settings file."""

    def __init__(self, folder: Path, theme: Theme) -> None:
        self.store = SettingsStore(folder / "settings.json")
        self.thumbnails = FakeThumbnails()
        self.messages = FakeNotices()
        self.window = QWidget()
        self.window.resize(1200, 800)
        self.window.show()
        self.dialog = SettingsDialog(self.window)
        ports = SettingsPorts(self.store, theme, self.thumbnails, folder, self.messages)
        self.controller = SettingsController(self.dialog, ports)
        self.dialog.open()

    def texts(self) -> list[str]:
        labels = self.dialog.findChildren(PlainLabel)
        return [label.text() for label in labels if label.isVisibleTo(self.dialog)]

    def edit(self, form: Form, name: str, value: Any) -> None:
        form.editor(name).set_value(value)
        form.editor(name).edited.emit()

    def press(self, text: str) -> None:
        buttons = self.dialog.findChildren(QAbstractButton)
        next(b for b in buttons if b.text() == text and b.isVisible()).click()


@pytest.fixture
def room(
    qapp: object, tmp_path: Path, look: Theme, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Room]:
    monkeypatch.setattr(controller, "TEXT_SIZE_DELAY_MS", 1)
    made = Room(tmp_path, look)
    yield made
    made.window.close()
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


async def test_the_theme_changes_at_once(qt_loop: Any, room: Room, look: Theme) -> None:
    room.edit(room.dialog.appearance, "theme", "light")
    assert look.mode is ThemeMode.LIGHT
    assert room.store.settings.theme == "light"
    await room.store.aclose()


async def test_text_grows_once_the_slider_rests(qt_loop: Any, room: Room, look: Theme) -> None:
    room.edit(room.dialog.appearance, "text_size", 150)
    await until(lambda: look.scale == 1.5)
    assert room.store.settings.text_scale == 1.5
    await room.store.aclose()


async def test_a_text_size_out_of_range_is_told(qt_loop: Any, room: Room, look: Theme) -> None:
    room.edit(room.dialog.appearance, "text_size", 900)
    await until(lambda: "From 100 to 200\u00a0%." in room.texts())
    assert look.scale == 1.0


async def test_the_room_taken_is_counted_and_cleared(qt_loop: Any, room: Room) -> None:
    room.dialog.show_section(SettingsSection.STORAGE)
    assert "Counting…" in room.texts()
    room.controller.count()
    await until(lambda: "300.0\u00a0MiB of 1.0\u00a0GiB used" in room.texts())
    room.press("Clear")
    await until(lambda: "0.0\u00a0MiB of 1.0\u00a0GiB used" in room.texts())
    assert room.messages.toasts == ["Thumbnails cleared. They come back as they are needed."]


async def test_a_failed_clear_is_told_and_keeps_the_figure(qt_loop: Any, room: Room) -> None:
    room.dialog.show_section(SettingsSection.STORAGE)
    room.controller.count()
    await until(lambda: "300.0\u00a0MiB of 1.0\u00a0GiB used" in room.texts())
    room.thumbnails.error = StoreFailed("The folder is not writable.")
    room.press("Clear")
    await until(lambda: room.messages.errors)
    assert "300.0\u00a0MiB of 1.0\u00a0GiB used" in room.texts()


async def test_the_cache_limit_is_kept(qt_loop: Any, room: Room) -> None:
    room.dialog.show_section(SettingsSection.STORAGE)
    room.edit(room.dialog.storage, "cache_mib", 2048)
    assert room.store.settings.thumbnail_cache_mib == 2048
    room.edit(room.dialog.storage, "cache_mib", 1)
    assert room.store.settings.thumbnail_cache_mib == 2048
    await room.store.aclose()


async def test_spending_says_what_it_means(qt_loop: Any, room: Room) -> None:
    room.dialog.show_section(SettingsSection.SPENDING)
    assert "Ask above" in room.texts()
    room.edit(room.dialog.spending, "mode", "never")
    assert room.store.settings.spending.mode == "never"
    assert "Ask above" not in room.texts()
    assert spending_sentence("never", Decimal(0)) in room.texts()
    await room.store.aclose()


async def test_the_amount_survives_another_mode(qt_loop: Any, room: Room) -> None:
    room.edit(room.dialog.spending, "ask_above", 12.5)
    room.edit(room.dialog.spending, "mode", "never")
    room.edit(room.dialog.spending, "mode", "ask_above")
    assert room.store.settings.spending.ask_above == Decimal("12.5")
    await room.store.aclose()


@pytest.mark.parametrize("typed", ["", "-3", "many"])
async def test_a_wrong_amount_stays_a_draft(qt_loop: Any, room: Room, typed: str) -> None:
    room.dialog.show_section(SettingsSection.SPENDING)
    field = room.dialog.spending.editor("ask_above").findChildren(QLineEdit)[0]
    field.clear()
    QTest.keyClicks(field, typed or " ")
    assert room.store.settings.spending.ask_above == 20
    assert any("number" in text or "lowest" in text for text in room.texts())


async def test_how_long_a_canvas_is_locked_is_kept(qt_loop: Any, room: Room) -> None:
    room.dialog.show_section(SettingsSection.CANVAS)
    room.edit(room.dialog.canvas, "lease_minutes", 20)
    assert room.store.settings.canvas.lease_minutes == 20
    room.edit(room.dialog.canvas, "lease_minutes", 61)
    assert room.store.settings.canvas.lease_minutes == 20
    await room.store.aclose()


async def test_about_can_be_copied(qt_loop: Any, room: Room) -> None:
    room.dialog.show_section(SettingsSection.ABOUT)
    room.press("Copy")
    assert QGuiApplication.clipboard().text().startswith("Scenario Desktop ")


async def test_sections_are_reached_by_keyboard(qt_loop: Any, room: Room) -> None:
    names = {"Appearance", "Storage", "Spending", "Canvas", "Workspaces", "About"}
    rows = [b for b in room.dialog.findChildren(QAbstractButton) if b.text() in names]
    assert len(rows) == 6
    rows[1].setFocus()
    QTest.keyClick(rows[1], Qt.Key.Key_Space)
    assert "Data folder" in room.texts()


@pytest.mark.parametrize("scale", [1.0, 2.0])
async def test_nothing_is_wider_than_the_dialog(
    qt_loop: Any, room: Room, look: Theme, scale: float
) -> None:
    look.set_scale(scale)
    for section in SettingsSection:
        room.dialog.show_section(section)
    hint = room.dialog.minimumSizeHint().width()
    assert hint <= room.window.width()


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0.0\u00a0MiB"), (312 * 2**20, "312.0\u00a0MiB"), (1536 * 2**20, "1.5\u00a0GiB")],
)
def test_sizes_read_like_the_limit(size: int, text: str) -> None:
    assert size_text(size) == text


async def test_drafts_are_kept_in_the_settings(tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    drafts = SettingsDrafts(store)
    assert drafts.load("detect") == {}
    drafts.save("detect", {"modalities": ["canny"]})
    drafts.save("refine", {"x": 1})
    await store.aclose()
    again = SettingsDrafts(SettingsStore(tmp_path / "settings.json"))
    assert again.load("detect") == {"modalities": ["canny"]}


async def test_a_monthly_budget_is_set_and_taken_away(qt_loop: Any, room: Room) -> None:
    form = room.dialog.spending
    assert "monthly_budget" not in form.draft()
    room.edit(form, "has_budget", True)
    assert room.store.settings.spending.monthly_budget == 1000
    assert "monthly_budget" in form.draft()
    room.edit(form, "monthly_budget", 250)
    spending = room.store.settings.spending
    room.store.update(spending={**spending.model_dump(), "warned_month": "2026-11"})
    room.edit(form, "ask_above", 12)
    assert room.store.settings.spending.warned_month == "2026-11"
    room.edit(form, "monthly_budget", 300)
    assert room.store.settings.spending.warned_month == ""  # another budget, another warning
    room.edit(form, "has_budget", False)
    assert room.store.settings.spending.monthly_budget is None
