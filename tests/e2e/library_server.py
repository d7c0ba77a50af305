"""A Scenario account with a small library, which can be told to fail in every known way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.hostile import encoded, noise
from tests.fault_server import Connection, FaultServer, Request, Script, fault_server, whole

START = "2026-11-01T12:00:{:02}.000Z"
Answer = Callable[[Request], Script | None]


@dataclass
class LibraryServer:
    """The account.

    Attributes:
        assets: as they go over the wire, by id.
        fault: answers every call but those for files, while it is there; None where it lets one
            by.
        collections: as they go over the wire.
    """

    faults: FaultServer
    assets: dict[str, dict[str, Any]] = field(default_factory=dict)
    collections: list[dict[str, Any]] = field(default_factory=list)
    fault: Answer | None = None

    @property
    def url(self) -> str:
        return self.faults.url

    @property
    def base_url(self) -> str:
        return f"{self.faults.url}/v1"

    def add(self, name: str, **changes: Any) -> dict[str, Any]:
        """Put one more picture into the library."""
        number = len(self.assets)
        at = START.format(number)
        asset = {
            "id": f"asset_{number:06}", "kind": "image", "source": "uploaded", "status": "success",
            "mimeType": "image/png", "createdAt": at, "updatedAt": at, "tags": [],
            "collectionIds": [], "url": f"{self.url}/files/{number}.png?Signature=canary-signature",
            "thumbnail": {"assetId": "", "url": f"{self.url}/files/{number}.png"},
            "properties": {"size": len(picture(number)), "width": 64, "height": 64},
            "metadata": {"type": "uploaded", "name": name},
        }  # fmt: skip
        self.assets[str(asset["id"])] = {**asset, **changes}
        return self.assets[str(asset["id"])]

    def fail(self, script: Script | None) -> None:
        """Answer everything so from now on; None ends it."""
        self.fault = None if script is None else lambda _request: script

    async def respond(self, connection: Connection) -> None:
        request = self.faults.requests[-1]
        path = urlsplit(request.target).path
        script = None
        if self.fault is not None and not path.startswith("/files/"):
            script = self.fault(request)
        for step in script if script is not None else self._answer(request, path):
            if isinstance(step, bytes):
                connection.writer.write(step)
                await connection.writer.drain()
            else:
                await step(connection)

    def _answer(self, request: Request, path: str) -> Script:
        if path.startswith("/files/"):
            number = int(path.rpartition("/")[2].partition(".")[0])
            return whole(200, picture(number), Content_Type="image/png")
        query = parse_qs(urlsplit(request.target).query)
        if path == "/v1/assets/get-bulk":
            wanted = json.loads(request.body)["assetIds"]
            found = [self.assets[one] for one in wanted if one in self.assets]
            return whole(200, {"assets": found})
        if path == "/v1/assets":
            is_trash = query.get("deleted") == ["true"]
            newest_first = list(reversed(self.assets.values()))
            return whole(200, {"assets": [] if is_trash else newest_first})
        if path.startswith("/v1/assets/"):
            asset = self.assets.get(path.split("/")[3])
            if asset is None:
                return whole(404, {"reason": "no such asset"})
            if path.endswith("/tags"):
                edit = json.loads(request.body)
                asset["tags"] = [*asset["tags"], *edit["add"]]
                return whole(200, {"added": edit["add"], "deleted": edit["delete"]})
            return whole(200, {"asset": asset})
        if path == "/v1/collections":
            return whole(200, {"collections": self.collections})
        name = path.split("/")[2]
        return whole(200, {name: []})


def picture(number: int) -> bytes:
    return encoded(noise(number))


@asynccontextmanager
async def library_server(count: int = 3) -> AsyncIterator[LibraryServer]:
    """Run an account with some pictures on a free port of this machine."""
    async with fault_server([]) as faults:
        server = LibraryServer(faults)
        faults.answer([server.respond])
        for number in range(count):
            server.add(f"Picture {number}")
        yield server
