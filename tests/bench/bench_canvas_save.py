"""Saving a canvas of twenty painted layers on the real engine: one of them changed, or all.

A save is everything from asking for it to its answer: encoding, uploads of changed layers and the
one PUT. ``ratio`` is the time with one changed layer over that with twenty, ``bytes_ratio`` the
same of the bytes of all requests' bodies.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, PaintLayer
from scenario_desktop.services.canvas.canvases import Canvases
from scenario_desktop.services.canvas.drafts import DraftStore
from scenario_desktop.services.canvas.room import CanvasTimes, Room
from scenario_desktop.services.canvas.session import CanvasSession
from scenario_desktop.services.clock import Clock
from scenario_desktop.services.engine_process import EngineProcess
from scenario_desktop.services.uploads import Uploads
from scenario_desktop.ui.loop import run as run_loop
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange.keeping import Keeping
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from tests.bench.canvas_files import painting
from tests.bench.gallery_bench import application
from tests.support import until

LAYERS, SIDE, ROUNDS = 20, 1280, 2
LIMIT_S = 60.0


class Counting(httpx.AsyncBaseTransport):
    """Counts the bytes of the bodies that are sent."""

    def __init__(self) -> None:
        self.sent = 0
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent += int(request.headers.get("content-length", 0))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def canvas() -> tuple[Document, Pixels]:
    pixels = Pixels()
    layers = []
    for number in range(LAYERS):
        layers.append(PaintLayer(id=f"l{number}", name=f"Layer {number}"))
        image = painting(number).copy(0, 0, SIDE, SIDE)
        pixels.surface(f"l{number}").put(image, QPoint(0, 0))
    return Document(width=SIDE, height=SIDE, background="#ffffff", layers=tuple(layers)), pixels


def touch(editor: Editor, session: CanvasSession, layers: int) -> None:
    """Draw a short stroke on so many layers."""
    for number in range(layers):
        editor.set_active(f"l{number}")
        editor.begin_stroke(Brush(64, 0.3, 1.0), QColor("#2f8d6c"))
        editor.stroke_to(200, 200)
        editor.stroke_to(900, 700)
        editor.end_stroke()
    session.edited()


async def save(session: CanvasSession, transport: Counting) -> tuple[float, int]:
    await until(lambda: session.lease.is_ours and not session.lease.is_check_due)
    before, begun = transport.sent, time.perf_counter()
    async with asyncio.timeout(LIMIT_S):
        await session.save()
    return time.perf_counter() - begun, transport.sent - before


async def measure(folder: Path) -> dict[str, Any]:
    engine = EngineProcess(log_file=folder / "engine.log")
    one: list[tuple[float, int]] = []
    twenty: list[tuple[float, int]] = []
    try:
        address = await engine.start(folder / "engine")
        transport = Counting()
        client = ScenarioClient(
            address.scenario_url, address.api_key, address.api_secret, transport=transport
        )
        # Drafts wait: they are written beside a save as beside anything else.
        times = CanvasTimes(draft_s=LIMIT_S)
        room = Room(
            client, Uploads(client), DraftStore(folder / "drafts"), canvas_format.is_ours, Clock(),
            times,
        )  # fmt: skip
        canvases = Canvases(room)
        try:
            document, pixels = canvas()
            editor = Editor()
            keeping = Keeping(editor)
            keeping.begin(document, pixels, {})
            editor.open(document, pixels)
            asset = await canvases.create("Bench", await keeping.stored())
            session = await canvases.open(asset.id, keeping)
            session.saved.connect(keeping.arrived)
            for _ in range(ROUNDS):
                touch(editor, session, LAYERS)
                twenty.append(await save(session, transport))
                touch(editor, session, 1)
                one.append(await save(session, transport))
            await canvases.close(session)
        finally:
            await canvases.aclose()
            await client.aclose()
    finally:
        await engine.aclose()
    one_s, twenty_s = min(s for s, _ in one), min(s for s, _ in twenty)
    one_bytes = statistics.median(size for _, size in one)
    all_bytes = statistics.median(size for _, size in twenty)
    return {
        "name": "canvas-save",
        "ratio": round(one_s / twenty_s, 4),
        "bytes_ratio": round(one_bytes / all_bytes, 4),
        "one_s": round(one_s, 3),
        "twenty_s": round(twenty_s, 3),
        "one_bytes": int(one_bytes),
        "twenty_bytes": int(all_bytes),
    }


def run() -> dict[str, Any]:
    """Measure and return the figures."""
    application()
    with tempfile.TemporaryDirectory(prefix="scenario-desktop-bench-") as name:
        return run_loop(measure(Path(name)))
