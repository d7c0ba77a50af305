"""Pictures told by an address: read through the door for files, decoded, and not left lying."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scenario_desktop.errors import BadInput, StoreFailed
from scenario_desktop.items import Picture
from scenario_desktop.services.sartiq.run_pictures import RunPictures

BASE = "https://sartiq.test/api/v1"


@dataclass
class FakeFiles:
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str, max_bytes: int = 0) -> bytes:
        self.asked.append(url)
        return b"picture"


@dataclass
class FakeDecoder:
    error: Exception | None = None
    seen: list[tuple[Path, bytes]] = field(default_factory=list)

    async def file(self, path: Path, max_px: int) -> Picture:
        self.seen.append((path, path.read_bytes()))
        if self.error is not None:
            raise self.error
        return Picture(1, 1, b"rgba")


async def test_an_address_becomes_a_picture_and_leaves_no_file() -> None:
    files, decoder = FakeFiles(), FakeDecoder()
    pictures = RunPictures(files, decoder, BASE)
    assert (await pictures.picture("https://files.test/a.png?sig=1", 64)).width == 1
    assert files.asked == ["https://files.test/a.png?sig=1"]
    path, data = decoder.seen[0]
    assert data == b"picture"
    assert not path.exists()


async def test_a_path_is_meant_of_the_service() -> None:
    files = FakeFiles()
    await RunPictures(files, FakeDecoder(), BASE).data("/files/a.png")
    assert files.asked == ["https://sartiq.test/files/a.png"]


async def test_what_cannot_be_decoded_leaves_no_file_either() -> None:
    decoder = FakeDecoder(error=BadInput("No picture."))
    with pytest.raises(BadInput):
        await RunPictures(FakeFiles(), decoder, BASE).picture("/a", 64)
    assert not decoder.seen[0][0].exists()


async def test_a_picture_is_saved_where_the_user_wants_it(tmp_path: Path) -> None:
    pictures = RunPictures(FakeFiles(), FakeDecoder(), BASE)
    await pictures.save("/a", tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == b"picture"
    with pytest.raises(StoreFailed, match="could not be saved"):
        await pictures.save("/a", tmp_path / "gone" / "a.png")
