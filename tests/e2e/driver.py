"""A window in a process of its own that does one thing and says how far it is, line by line.

Run by ``desk.Apart``, which may kill it at any moment. Usage: driver DATA VERB [ARGUMENT]
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenario_desktop import app, paths
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.app import Program
from scenario_desktop.errors import AppError
from scenario_desktop.services.credentials import Credentials
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui import loop, theme
from tests.e2e.canvas_desk import CanvasDesk
from tests.e2e.desk import bring_in, error_card, items, session_of, shown, state_text, texts
from tests.e2e.hostile import encoded, noise


def say(kind: str, **facts: Any) -> None:
    print(json.dumps({"is": kind, **facts}), flush=True)


async def sit(program: Program, _argument: str) -> None:
    """Do nothing until killed or told to end."""
    say("ready", engine=program.engine.pid)
    await asyncio.Event().wait()


async def bring(program: Program, argument: str) -> None:
    """Import a folder; say each time that more has come in."""
    bench = program.workbench
    bench.import_files([Path(argument)])
    said = 0
    while bench.imports.run.is_busy:
        progress = bench.imports.progress
        if progress is not None and len(progress.added_ids) > said:
            said = len(progress.added_ids)
            say("progress", added=said)
        await asyncio.sleep(0.002)
    progress = bench.imports.progress
    assert progress is not None
    reasons = {refusal.path.name: refusal.reason for refusal in progress.refused}
    say("imported", added=len(progress.added_ids), refused=reasons, texts=texts(bench.window))


async def detect(program: Program, argument: str) -> None:
    """Start a sketch of every picture; say when the jobs are known to the engine."""
    session, count = session_of(program), int(argument)
    await shown(program, count)
    inputs = await items(program)
    requests = [DetectRequest(modality="sketch", image=item.id) for item in inputs]
    quote = await session.detect.quote(requests)
    await session.detect.submit(quote, inputs, is_confirmed=True)
    while not all(view.job_id for view in session.jobs.rows):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.002)
    say("sent", engine=program.engine.pid, jobs=[view.job_id for view in session.jobs.rows])
    await asyncio.Event().wait()


async def fill(program: Program, argument: str) -> None:
    """Work on a full disk, then on one with room again. ``argument`` takes up the disk."""
    ballast, session = Path(argument), session_of(program)
    first, second = ballast.with_name("first.png"), ballast.with_name("second.png")
    for number, file in enumerate((first, second)):
        file.write_bytes(encoded(noise(number, (900, 900))))
    await bring_in(program, [first])
    await shown(program, 1)
    key = (await items(program))[0].key
    take_all(ballast)
    await bring_in(program, [second])
    say("full", texts=texts(program.window), card=error_card(program))
    error = ""
    for number in range(200):  # until the room that the store had set aside is used up
        try:
            await session.library.edit_tags([key], [f"{number} {'x' * 100}"], [])
        except AppError as failure:
            error = f"{failure.message} {failure.hint}"
            break
    kept = (await session.library.items([key]))[key].tags
    count = program.workbench.gallery.controller.count
    say("edited", error=error, count=count, kept=len(kept), tried=number)
    ballast.unlink()
    await bring_in(program, [second])
    await shown(program, 2)
    await session.library.edit_tags([key], ["room again"], [])
    found = {item.name: list(item.tags) for item in await items(program)}
    say("again", found=found, state=state_text(program))


def take_all(ballast: Path) -> None:
    """Write until the disk takes no more."""
    with ballast.open("wb", buffering=0) as file:
        for size in (2**20, 2**12, 2**9, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue


async def paint(program: Program, _argument: str) -> None:
    """Draw on a new canvas until killed; say when the stroke has been there for two seconds."""
    ann = CanvasDesk(program)
    await ann.start()
    await ann.hold()
    ann.draw(200)
    drawn_at = time.monotonic()
    while time.monotonic() - drawn_at < 2.0:  # noqa: ASYNC110 - so long may a stroke be unsafe
        await asyncio.sleep(0.05)
    say("drawn", canvas=ann.canvas_id)
    await asyncio.Event().wait()


VERBS: dict[str, Callable[[Program, str], Any]] = {
    "sit": sit, "bring": bring, "detect": detect, "fill": fill, "paint": paint,
}  # fmt: skip


def main(data: str, verb: str, argument: str = "") -> int:
    """Open the window, then do the one thing in it."""
    Credentials.__init__.__defaults__ = (lambda: None,)  # never the user's keyring
    places = paths.under(Path(data))
    places.make()
    application = theme.make_application(paths.APP_NAME)
    look = theme.Theme()
    look.apply(application, theme.ThemeMode.DARK, 1.0)
    app.log_to_file(places.logs / "scenario-desktop.log")
    program = Program(places, SettingsStore(places.settings), look)

    async def both() -> None:
        running = asyncio.create_task(program.run())
        await program.ready.wait()
        try:
            await VERBS[verb](program, argument)
        finally:
            program.leave()
            await running

    loop.run(both())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
