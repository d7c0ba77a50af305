"""A screen that is drawn on, and a room for canvas sessions in which nothing takes real time."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from scenario_desktop.api.models.assets import AssetUpdate
from scenario_desktop.services.canvas.content import Drawn, SaveResult, Stored
from scenario_desktop.services.canvas.drafts import Disk, Draft, DraftStore
from scenario_desktop.services.canvas.room import CanvasTimes, Room
from scenario_desktop.services.canvas.session import CanvasSession
from scenario_desktop.services.uploads import Uploads
from tests.canvas_server import CanvasLink, CanvasServer, World, drain

FORMAT = "scenario-desktop/canvas"
CANVAS = "canvas_a"
THUMBNAIL = b"\x89PNG thumbnail"


def text_of(layers: Mapping[str, Mapping[str, str]], others: list[str]) -> str:
    """Return a document: where each layer's pixels are, and what the other user added."""
    return json.dumps({"format": FORMAT, "layers": layers, "others": others}, sort_keys=True)


def is_ours(text: str) -> bool:
    try:
        return bool(json.loads(text).get("format") == FORMAT)
    except (ValueError, AttributeError):
        return False


def others_in(text: str) -> set[str]:
    return set(json.loads(text)["others"])


def strokes_in(text: str, blobs: Mapping[str, bytes], server: CanvasServer) -> set[str]:
    """Return the strokes of a document, from its blobs and the server's pictures."""
    return {stroke for layer in layers_in(text, blobs, server).values() for stroke in layer}


def layers_in(
    text: str, blobs: Mapping[str, bytes], server: CanvasServer
) -> dict[str, tuple[str, ...]]:
    layers: dict[str, tuple[str, ...]] = {}
    for name, place in json.loads(text)["layers"].items():
        if "asset" in place:
            data = base64.b64decode(server.pictures[place["asset"]].image or "")
        else:
            data = blobs[place["blob"]]
        layers[name] = tuple(json.loads(data))
    return layers


class Screen:
    """An editor whose pixels are lists of strokes; gives a session what it shows.

    Attributes:
        what: told with every draft.
        encode_s: how long encoding takes.
        load_s: how long it takes until a text is on the screen; nothing can be drawn meanwhile.
    """

    def __init__(self, server: CanvasServer) -> None:
        self._server = server
        self.layers: dict[str, tuple[str, ...]] = {}
        self.others: list[str] = []
        self.assets: dict[str, str] = {}
        self.what = ""
        self.encode_s = self.load_s = 0.0
        self.session: CanvasSession | None = None
        self._loads = 0
        self._shown = asyncio.Event()
        self._shown.set()

    @property
    def strokes(self) -> set[str]:
        return {stroke for layer in self.layers.values() for stroke in layer}

    def attach(self, session: CanvasSession) -> None:
        self.session = session
        session.saved.connect(self._on_saved)
        session.set_aside.connect(self._on_set_aside)
        session.replaced.connect(self.load_later)
        if session.recovered is not None:
            self.load(session.recovered.text, session.recovered.blobs)
        else:
            self.load(session.text)

    def load(self, text: str, blobs: Mapping[str, bytes] | None = None) -> None:
        self._shown.set()
        self.layers = layers_in(text, blobs or {}, self._server)
        self.others = json.loads(text)["others"]
        for name, place in json.loads(text)["layers"].items():
            if "asset" in place:
                self.assets[_key(self.layers[name])] = place["asset"]

    @property
    def is_loading(self) -> bool:
        return not self._shown.is_set()

    def load_later(self, text: str, blobs: Mapping[str, bytes] | None = None) -> None:
        """Begin to load; the last one begun is what comes to be shown."""
        self._loads += 1
        if not self.load_s or self.session is None:
            self.load(text, blobs)
            return
        self._shown.clear()
        number = self._loads

        async def work() -> None:
            assert self.session is not None
            await self.session._clock.sleep(self.load_s)
            if number == self._loads:
                self.load(text, blobs)

        self._loading = asyncio.get_running_loop().create_task(work())

    def draw(self, layer: str, stroke: str) -> None:
        assert self.session is not None
        if self.is_loading:
            return
        self.layers[layer] = (*self.layers.get(layer, ()), stroke)
        self.session.edited()

    async def draft(self) -> Drawn:
        await self._shown.wait()
        text, blobs = self._frozen()
        what = self.what
        await self._encode()
        return Drawn(text({}), blobs, THUMBNAIL, what)

    async def stored(self) -> Stored:
        await self._shown.wait()
        text, blobs = self._frozen()
        await self._encode()
        return Stored(blobs, text, THUMBNAIL)

    async def until_rest(self) -> None:
        """Strokes come whole here."""

    async def _encode(self) -> None:
        if self.session is not None and self.encode_s:
            await self.session._clock.sleep(self.encode_s)

    def _frozen(self) -> tuple[Callable[[Mapping[str, str]], str], dict[str, bytes]]:
        layers, others, assets = dict(self.layers), list(self.others), dict(self.assets)
        blobs = {
            _key(strokes): _pixels(strokes)
            for strokes in layers.values()
            if _key(strokes) not in assets
        }

        def text(ids: Mapping[str, str]) -> str:
            places: dict[str, dict[str, str]] = {}
            for name, strokes in layers.items():
                key = _key(strokes)
                asset = assets.get(key) or ids.get(key)
                places[name] = {"asset": asset} if asset else {"blob": key}
            return text_of(places, others)

        return text, blobs

    def _on_saved(self, result: SaveResult) -> None:
        self.assets |= result.asset_ids

    def _on_set_aside(self, _: str) -> None:
        assert self.session is not None
        self.load_later(self.session.text)


def _pixels(strokes: tuple[str, ...]) -> bytes:
    return json.dumps(strokes).encode()


def _key(strokes: tuple[str, ...]) -> str:
    return hashlib.sha256(_pixels(strokes)).hexdigest()


class PowerCut(BaseException):
    """The computer stopped between two operations on the disk."""


class FragileDisk(Disk):
    """A disk whose computer may stop.

    Attributes:
        left: operations until it stops; None for never.
        errno: raised by writes instead, such as a full disk.
    """

    def __init__(self) -> None:
        self.left: int | None = None
        self.error: OSError | None = None

    @property
    def is_dead(self) -> bool:
        return self.left == 0

    def _step(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise PowerCut
            self.left -= 1

    def write(self, path: Path, data: bytes) -> None:
        if self.error is not None:
            raise self.error
        if self.left == 1 and data:  # cut within the write itself
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(f"{path.name}.new").write_bytes(data[: len(data) // 2])
            self.left = 0
            raise PowerCut
        self._step()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def rename(self, path: Path, target: Path) -> None:
        self._step()
        super().rename(path, target)


class Studio:
    """A server, one computer with its disk, and what is open on it."""

    def __init__(self, folder: Path, *, times: CanvasTimes | None = None) -> None:
        self.folder = folder
        self.world = World()
        self.server = CanvasServer(self.world)
        self.server.add(CANVAS, text_of({}, []))
        self.ann: CanvasLink = self.server.client("ann")
        self.times = times or CanvasTimes()
        self.disk = FragileDisk()
        self.drafts = DraftStore(folder, now=self.world.now, disk=self.disk)
        self.screen = Screen(self.server)
        self.session: CanvasSession | None = None

    @property
    def canvas(self) -> Any:
        return self.server.canvases[CANVAS]

    @property
    def room(self) -> Room:
        return Room(
            client=self.ann, uploads=Uploads(self.ann), drafts=self.drafts,  # type: ignore[arg-type]  # small pictures only
            is_ours=is_ours, clock=self.world, times=self.times, run=self.run,
        )  # fmt: skip

    async def run(self, work: Callable[..., Any], *args: Any) -> Any:
        disk, answer = self.disk, None
        with suppress(PowerCut):
            answer = work(*args)
        if disk.is_dead:  # nobody lives to see an answer
            await asyncio.Event().wait()
        return answer

    async def open(self, recovery_id: str | None = None) -> CanvasSession:
        self.screen = Screen(self.server)
        self.session = await CanvasSession.open(
            self.room, CANVAS, self.screen, recovery_id=recovery_id
        )
        self.screen.attach(self.session)
        return self.session

    async def crash(self) -> None:
        """End the program at once; only what is on the disk and the server is left."""
        session, self.session = self.session, None
        self.disk.left = 0
        if session is not None:
            session._is_closed = True
            await session._stop()
        self.restart()

    def restart(self) -> None:
        """Begin anew with what is on the disk."""
        self.session = None
        self.disk = FragileDisk()
        self.drafts = DraftStore(self.folder, now=self.world.now, disk=self.disk)

    def on_disk(self) -> list[Draft]:
        """Return all drafts with strokes, as a new program would find them."""
        store = DraftStore(self.folder)
        return [store.load(recovery.id) for recovery in store.recoveries()]

    def kept_strokes(self) -> set[str]:
        """Return all strokes that are in drafts."""
        found: set[str] = set()
        for draft in self.on_disk():
            found |= strokes_in(draft.text, draft.blobs, self.server)
        return found

    def server_strokes(self) -> set[str]:
        """Return all strokes that are on the server, in canvases or their history."""
        found: set[str] = set()
        for canvas in self.server.canvases.values():
            for text in {canvas.text, *(s.raw_data for s in canvas.snapshots)}:
                found |= strokes_in(text, {}, self.server)
        return found


class Ann(Studio):
    """A studio with somebody at work in it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.told: list[tuple[str, Any]] = []

    @property
    def at(self) -> CanvasSession:
        assert self.session is not None
        return self.session

    @property
    def phase(self) -> str:
        return self.at.lease.phase.value

    async def open(self, recovery_id: str | None = None) -> CanvasSession:
        session = await super().open(recovery_id)
        for name in ("draft_failed", "save_failed", "lease_failed", "set_aside", "became_free"):
            getattr(session, name).connect(lambda value, n=name: self.told.append((n, value)))
        session.idle_asked.connect(lambda: self.told.append(("idle_asked", None)))
        return session

    async def draw(self, *strokes: str) -> None:
        for stroke in strokes:
            self.screen.draw("sky", stroke)
        await drain()

    async def pass_s(self, seconds: float) -> None:
        await self.world.advance(seconds)

    def heard(self, name: str) -> list[Any]:
        return [value for told, value in self.told if told == name]

    def ben_locks(self, seconds: float = 300.0) -> str:
        until = self.world.server_now + timedelta(seconds=seconds)
        return self.server.lock(CANVAS, until, "ben")

    def ben_saves(self, mark: str = "ben", lock_id: str | None = None) -> None:
        body = json.loads(self.canvas.text)
        body["others"].append(mark)
        update = AssetUpdate(canvas=json.dumps(body, sort_keys=True), lock_id=lock_id)
        self.server.update(CANVAS, update, "ben")

    def shown_by_server(self) -> set[str]:
        return strokes_in(self.canvas.text, {}, self.server)
