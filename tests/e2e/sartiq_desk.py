"""What journeys with the second service share: the program at an account that may fail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QLabel, QWidget

from scenario_desktop.app import Program
from scenario_desktop.items import Item
from scenario_desktop.services.credentials import Secret
from scenario_desktop.services.sartiq.half import SartiqHalf
from scenario_desktop.services.words import NO_BREAK
from scenario_desktop.services.workspaces import new_record
from scenario_desktop.ui.dialogs import Dialog
from tests.e2e.desk import PATIENCE_S, desk, items, session_of, shown, state_text
from tests.sartiq_server import PASSWORD, USER, SartiqServer
from tests.support import until

W = TypeVar("W", bound=QWidget)


@asynccontextmanager
async def connected(folder: Path, server: SartiqServer) -> AsyncIterator[Program]:
    """Run the program with the account open in its window, and all of it in the library."""
    async with desk(folder) as program:
        await connect(program, server)
        count = sum(len(one["predictions"]) for one in server.generations.values())
        await shown(program, count)
        await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
        yield program


async def connect(program: Program, server: SartiqServer) -> None:
    record = new_record("Studio", base_url="", sartiq_url=server.base_url)
    login = Secret(USER, PASSWORD)
    record, _ = await program.workspaces.add(
        record, None, sartiq_secret=login, is_session_only=True
    )
    program.workspaces.activate(record.id)
    await until(
        lambda: program.session is not None and program.session.workspace_id == record.id,
        timeout_s=PATIENCE_S,
    )


def half_of(program: Program) -> SartiqHalf:
    half = session_of(program).sartiq
    assert half is not None
    return half


async def item_of(program: Program, item_id: str) -> Item:
    return next(item for item in await items(program) if item.id == item_id)


async def choose(program: Program, *found: Item) -> None:
    """Select items in the gallery."""
    program.window.set_page("gallery")
    gallery = program.workbench.gallery.controller
    keys = [item.key for item in found]
    gallery.reveal(keys)
    await until(lambda: sorted(gallery.chosen_keys()) == sorted(keys), timeout_s=PATIENCE_S)


def dialogs(program: Program) -> list[Dialog]:
    return [one for one in program.window.findChildren(Dialog) if one.isVisible()]


async def dialog(program: Program, begins: str) -> Dialog:
    """Wait for the dialog with such a title."""
    await until(lambda: any(said(one).startswith(begins) for one in dialogs(program)),
                timeout_s=PATIENCE_S)  # fmt: skip
    return next(one for one in dialogs(program) if said(one).startswith(begins))


def said(place: QWidget) -> str:
    """Return all that can be read there, in one line."""
    words = " ".join(one.text() for one in place.findChildren(QLabel) if one.isVisible())
    return words.replace(NO_BREAK, " ")


def shot(program: Program, folder: Path | None, name: str) -> None:
    """Keep a picture of the window, for people to look at."""
    if folder is not None:
        program.window.grab().save(str(folder / f"{name}.png"))
