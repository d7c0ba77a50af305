"""What somebody finds who has nothing yet: a welcome, and from each empty page a way on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from scenario_desktop.items import ItemQuery, Section
from scenario_desktop.ui.workbench import canvas_room
from scenario_desktop.ui.workbench.navigation import FIRST_RUN
from scenario_desktop.ui.workbench.shell import GALLERY
from tests.e2e.desk import PATIENCE_S, bring_in, desk, press, session_of, shown, texts
from tests.e2e.hostile import encoded, noise
from tests.support import until


async def test_an_empty_library_is_welcomed_also_when_it_was_read_before(
    qt_loop: Any, tmp_path: Path
) -> None:
    async with desk(tmp_path / "d") as program:
        bench, session = program.workbench, session_of(program)
        await until(lambda: session.sync.status.at is not None, timeout_s=PATIENCE_S)
        bench.unbind()
        assert bench.window.page == GALLERY
        bench.bind(session, is_local=True)  # no pass and no change comes after it any more
        await until(lambda: bench.window.page == FIRST_RUN, timeout_s=PATIENCE_S / 4)


async def test_the_empty_page_of_canvases_leads_to_a_new_one(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path / "d") as program:
        bench = program.workbench
        bench.navigation.go_to(ItemQuery(section=Section.CANVASES))
        await until(lambda: "No canvases yet" in texts(program.window), timeout_s=PATIENCE_S)
        press(program.window, "New canvas…")
        await until(lambda: "Create canvas" in texts(program.window), timeout_s=PATIENCE_S)
        press(program.window, "Create canvas")
        await until(lambda: bench.window.page == canvas_room.PAGE, timeout_s=PATIENCE_S)


async def test_all_pictures_are_chosen_right_after_a_section(qt_loop: Any, tmp_path: Path) -> None:
    async with desk(tmp_path / "d") as program:
        bench = program.workbench
        files = [tmp_path / f"{number}.png" for number in range(2)]
        for number, file in enumerate(files):
            file.write_bytes(encoded(noise(number)))
        await bring_in(program, files)
        await shown(program, 2)
        grid, sections = bench.gallery.view.grid, bench.sidebar_view.list
        sections.setFocus()
        QTest.keySequence(sections, QKeySequence(QKeySequence.StandardKey.SelectAll))
        assert len(bench.gallery.controller.chosen_keys()) == 2
        assert program.window.focusWidget() is grid
