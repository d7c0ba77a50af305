"""Roads through the program by keys alone, and what a form remembers of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from scenario_desktop.app import Program
from scenario_desktop.items import Item, Section
from scenario_desktop.services.job_views import JobState
from scenario_desktop.services.sartiq.run_kinds import Op
from scenario_desktop.ui.widgets.menu import Menu
from tests.e2e.desk import PATIENCE_S, bring_in, desk, items, session_of, shown
from tests.e2e.test_runs_road import choose, ended, generation, opened, picture, runs
from tests.support import until

CTRL = Qt.KeyboardModifier.ControlModifier
PLAIN = Qt.KeyboardModifier.NoModifier


async def in_front(program: Program) -> None:
    """Give the window the keyboard, which a menu may have taken."""
    program.window.activateWindow()
    await until(lambda: QApplication.activeWindow() is program.window, timeout_s=PATIENCE_S)


async def strike(program: Program, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    """Press a key where the focus is."""
    await in_front(program)
    focused = QApplication.focusWidget()
    QTest.keyClick(focused if focused is not None else program.window, key, modifiers)


def field_of(program: Program, name: str) -> QLineEdit:
    found: QLineEdit = runs(program)._dock.form.editor(name).findChildren(QLineEdit)[0]
    return found


def write(field: QLineEdit, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


async def in_gallery(program: Program, one: Item) -> None:
    await choose(program, one)
    await in_front(program)
    program.workbench.gallery.view.grid.setFocus()
    # What the keys are for is read anew after each piece of news.
    cache = program.workbench.gallery.controller.cache
    await until(lambda: cache.get(one.key) is not None, timeout_s=PATIENCE_S)


async def test_from_a_picture_to_its_generation_and_back_by_keys(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path / "home") as program:
        window = program.window
        await bring_in(program, [picture(tmp_path)])
        await shown(program, 1)
        (asset,) = await items(program)
        await in_gallery(program, asset)

        await strike(program, Qt.Key.Key_N)
        menus = [menu for menu in window.findChildren(Menu) if menu.isVisible()]
        assert [menu.accessibleName() for menu in menus] == ["New with Sartiq"]
        menus[0].close()
        await in_front(program)

        await opened(program, "runs.adjust", Op.ADJUST)
        write(field_of(program, "target_width"), "48")
        write(field_of(program, "target_height"), "64")
        assert runs(program).draft.values["target_width"] == 48
        await strike(program, Qt.Key.Key_Return, CTRL)
        await until(lambda: len(session_of(program).jobs.rows) == 1, timeout_s=PATIENCE_S)
        await ended(program, JobState.DONE)
        await shown(program, 2)

        await strike(program, Qt.Key.Key_Escape)
        assert window.page == "gallery"
        (made,) = [one for one in await items(program) if one.is_prediction]
        await in_gallery(program, made)
        await strike(program, Qt.Key.Key_F)
        cache = program.workbench.gallery.controller.cache

        def is_favourite() -> bool:
            known = cache.get(made.key)
            return known is not None and known.is_favourite

        await until(is_favourite, timeout_s=PATIENCE_S)
        await until(lambda: program.workbench.chosen.generation, timeout_s=PATIENCE_S)
        await strike(program, Qt.Key.Key_O)
        await until(lambda: window.page == "generation", timeout_s=PATIENCE_S)
        await until(lambda: generation(program)._whole is not None, timeout_s=PATIENCE_S)
        await strike(program, Qt.Key.Key_Escape)
        assert window.page == "gallery"

        await in_gallery(program, asset)
        await strike(program, Qt.Key.Key_Delete)
        await shown(program, 1)

    async with desk(tmp_path / "home") as program:
        await shown(program, 1)
        await opened(program, "runs.adjust", Op.ADJUST)
        draft = runs(program).draft
        assert (draft.values["target_width"], draft.values["target_height"]) == (48, 64)
        assert [ref.item_id for ref in draft.mains] == [asset.id]


async def test_what_is_seen_large_is_detected_and_comes_back(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path / "home") as program:
        window = program.window
        await bring_in(program, [picture(tmp_path)])
        await shown(program, 1)
        (asset,) = await items(program)
        for key, page in ((Qt.Key.Key_D, "detect"), (Qt.Key.Key_R, "refine")):
            await in_gallery(program, asset)
            await strike(program, Qt.Key.Key_Space)
            preview = program.workbench.preview_view
            await until(preview.hasFocus, timeout_s=PATIENCE_S)
            await strike(program, key)
            await until(partial(lambda wanted: window.page == wanted, page), timeout_s=PATIENCE_S)
            await strike(program, Qt.Key.Key_Escape)
            assert window.page == "gallery"
            await until(preview.hasFocus, timeout_s=PATIENCE_S)
            await strike(program, Qt.Key.Key_Escape)
            assert not preview.isVisible()


async def test_two_keys_in_a_row_lead_to_each_section(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path / "home") as program:
        await bring_in(program, [picture(tmp_path)])
        await shown(program, 1)
        program.workbench.gallery.view.grid.setFocus()
        await strike(program, Qt.Key.Key_G)
        await strike(program, Qt.Key.Key_C)
        gallery = program.workbench.gallery.controller
        await until(lambda: gallery.query.section is Section.CANVASES, timeout_s=PATIENCE_S)
        bound = [
            keys
            for command in program.workbench.commands.all() if command.is_bound
            for keys in (command.shortcut, *command.more_shortcuts) if keys
        ]  # fmt: skip
        # The shorter one would always win.
        assert not [(a, b) for a in bound for b in bound if b.startswith(f"{a}, ")]
