"""Drafts on the disk: whole after every crash, small writes, nothing deleted for being damaged."""

from __future__ import annotations

import errno
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scenario_desktop.errors import BadInput, NewerFile, NotFound, StoreFailed
from scenario_desktop.services.canvas.content import Drawn, Revision
from scenario_desktop.services.canvas.draft_manifest import DraftNote, KeptWhy, Sent
from scenario_desktop.services.canvas.drafts import Disk, DraftStore, new_draft_id
from scenario_desktop.services.canvas.record import CanvasRecord, Deed, HistoryLine
from tests.canvas_room import FragileDisk, PowerCut

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
THUMBNAIL = b"\x89PNG small"


def blobs(*pixels: bytes) -> dict[str, bytes]:
    return {hashlib.sha256(one).hexdigest(): one for one in pixels}


def note(**values: object) -> DraftNote:
    return replace(DraftNote(new_draft_id(), "canvas_a", "Poster", has_strokes=True), **values)  # type: ignore[arg-type]  # its own fields


class CountingDisk(Disk):
    """Counts what is written."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def write(self, path: Path, data: bytes) -> None:
        self.sizes.append(len(data))
        super().write(path, data)


@pytest.fixture
def store(tmp_path: Path) -> DraftStore:
    return DraftStore(tmp_path / "drafts", now=lambda: AT)


def again(store: DraftStore) -> DraftStore:
    """Return what the next start of the program sees."""
    return DraftStore(store.folder)


def test_a_draft_comes_back_as_it_was(store: DraftStore) -> None:
    kept = note(
        why=KeptWhy.REFUSED, edit=7, base=Revision(AT, "hash", "digest"), lock_id="secret",
        lock_until=AT, sent=(Sent("d1", 3, True), Sent("d2", 5)), uploads={"b": "asset_1"},
        what="3 strokes on Clouds",
    )  # fmt: skip
    store.write(kept, Drawn("{…}", blobs(b"sky", b"sea"), THUMBNAIL))
    draft = again(store).load(kept.id)
    assert draft.note == replace(kept, kept_at=AT)
    assert (draft.text, draft.blobs, draft.missing) == ("{…}", blobs(b"sky", b"sea"), frozenset())


def test_the_list_shows_thumbnails_and_leaves_out_what_has_no_strokes(store: DraftStore) -> None:
    kept = store.write(note(), Drawn("a", {}, THUMBNAIL))
    store.put(note(has_strokes=False, lock_id="secret"))
    (recovery,) = again(store).recoveries()
    assert (recovery.id, recovery.name, recovery.thumbnail) == (kept.id, "Poster", THUMBNAIL)
    assert len(again(store).notes()) == 2


def test_a_draft_that_does_not_say_what_was_done_is_read(store: DraftStore) -> None:
    kept = store.write(note(), Drawn("a", {}))
    manifest = store.folder / kept.id / "draft.json"
    head, _, body = manifest.read_bytes().partition(b"\n")
    body = body.replace(b'"what":"",', b"")
    words = head.split(b" ")
    words[2] = hashlib.sha256(body).hexdigest().encode()
    manifest.write_bytes(b" ".join(words) + b"\n" + body)
    assert again(store).load(kept.id).note.what == ""


def test_a_stroke_writes_only_what_changed(tmp_path: Path) -> None:
    disk = CountingDisk()
    store = DraftStore(tmp_path, disk=disk)
    first = note()
    many = blobs(*(bytes([i]) * 100_000 for i in range(20)))
    store.write(first, Drawn("a", many))
    assert sum(disk.sizes) > 2_000_000
    disk.sizes.clear()
    store.write(first, Drawn("b", many | blobs(b"x" * 100_000)))
    assert len(disk.sizes) == 2
    assert sum(disk.sizes) < 110_000
    assert len(again(store).load(first.id).blobs) == 21


def test_blobs_that_are_on_the_disk_are_not_even_read(store: DraftStore) -> None:
    first = note()
    known = blobs(b"sky")
    store.write(first, Drawn("a", known))

    class Lazy(dict[str, bytes]):
        def __getitem__(self, name: str) -> bytes:
            raise AssertionError(name)

    store.write(first, Drawn("b", Lazy(known)))
    assert again(store).load(first.id).blobs == known


def test_packs_that_nothing_names_are_removed(
    store: DraftStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.services.canvas.drafts._SLACK", 1000)
    first = note()
    keep = blobs(b"keep" * 100)
    for number in range(30):
        store.write(first, Drawn("a", keep | blobs(bytes([number]) * 400)))
    folder = store.folder / first.id
    assert sum(p.stat().st_size for p in folder.glob("*.pack")) < 5_000
    assert again(store).load(first.id).blobs == keep | blobs(bytes([29]) * 400)


@pytest.mark.parametrize("operations", range(1, 8))
def test_a_power_cut_leaves_the_old_or_the_new_draft(tmp_path: Path, operations: int) -> None:
    store = DraftStore(tmp_path)
    first = note()
    store.write(first, Drawn("old", blobs(b"old")))
    disk = FragileDisk()
    disk.left = operations
    cut = DraftStore(tmp_path, disk=disk)
    try:
        cut.write(first, Drawn("new", blobs(b"new")))
        cut.clear(first)
    except PowerCut:
        pass
    for recovery in DraftStore(tmp_path).recoveries():
        draft = DraftStore(tmp_path).load(recovery.id)
        assert (draft.text, draft.blobs) in [("old", blobs(b"old")), ("new", blobs(b"new"))]
    assert operations > 4 or DraftStore(tmp_path).recoveries()


def test_a_full_disk_is_told_and_the_former_draft_stands(tmp_path: Path) -> None:
    disk = FragileDisk()
    store = DraftStore(tmp_path, disk=disk)
    first = note()
    store.write(first, Drawn("old", blobs(b"old")))
    disk.error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(StoreFailed, match="disk is full") as caught:
        store.write(first, Drawn("new", blobs(b"new")))
    assert "Free some space" in caught.value.hint
    assert DraftStore(tmp_path).load(first.id).text == "old"
    disk.error = None
    store.write(first, Drawn("new", blobs(b"new")))
    assert DraftStore(tmp_path).load(first.id).blobs == blobs(b"new")


def test_a_real_write_that_fails_is_told_like_that(
    store: DraftStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = note()
    store.write(first, Drawn("old", {}))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreFailed, match="disk is full"):
        store.write(first, Drawn("new", blobs(b"new")))
    assert again(store).load(first.id).text == "old"
    assert not list(store.folder.rglob("*.new"))


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: data[: len(data) // 2], id="cut"),
        pytest.param(lambda data: data[:-9] + b"x" + data[-8:], id="one byte"),
        pytest.param(lambda data: b"{}", id="other text"),
        pytest.param(lambda data: bytes(len(data)), id="zeros"),
    ],
)
def test_a_damaged_draft_is_set_aside_and_the_others_are_offered(
    store: DraftStore, damage: object
) -> None:
    bad, good = note(), note()
    for one in (bad, good):
        store.write(one, Drawn("a", blobs(b"sky")))
    path = store.folder / bad.id / "draft.json"
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]  # one of the lambdas
    found = {recovery.id: recovery for recovery in again(store).recoveries()}
    assert not found[good.id].is_damaged
    folder = found[bad.id].folder
    assert folder is not None
    assert list(folder.glob("*.pack"))
    assert [recovery.id for recovery in again(store).recoveries()] == [good.id]


def test_a_damaged_layer_does_not_take_the_others_along(store: DraftStore) -> None:
    first = note()
    store.write(first, Drawn("a", blobs(b"sky")))
    store.write(first, Drawn("a", blobs(b"sky", b"sea")))
    pack = max((store.folder / first.id).glob("*.pack"), key=lambda p: p.stat().st_mtime_ns)
    pack.write_bytes(b"XXX")
    draft = again(store).load(first.id)
    assert len(draft.blobs) == 1
    assert len(draft.missing) == 1
    assert list((store.folder / "damaged").iterdir())  # the whole, as it was found


def test_a_draft_of_a_later_version_is_left_untouched(store: DraftStore) -> None:
    first = note()
    store.write(first, Drawn("a", {}))
    path = store.folder / first.id / "draft.json"
    path.write_bytes(path.read_bytes().replace(b"-draft 1 ", b"-draft 2 ", 1))
    before = path.read_bytes()
    assert again(store).recoveries() == []
    with pytest.raises(NewerFile):
        again(store).load(first.id)
    assert path.read_bytes() == before


def test_names_from_outside_lead_nowhere(store: DraftStore) -> None:
    with pytest.raises(NotFound):
        store.load("../../etc")
    with pytest.raises(BadInput):
        store.write(note(), Drawn("a", {"../x": b"1"}))


def test_a_removed_draft_is_gone_and_removing_twice_is_fine(store: DraftStore) -> None:
    first = note()
    store.write(first, Drawn("a", blobs(b"sky")))
    store.remove(first.id)
    store.remove(first.id)
    assert again(store).notes() == []
    assert list(store.folder.iterdir()) == []


def test_drafts_are_readable_by_their_owner_only(store: DraftStore) -> None:
    first = note(lock_id="secret")
    store.write(first, Drawn("a", blobs(b"sky")))
    for path in (store.folder / first.id).iterdir():
        assert path.stat().st_mode & 0o077 == 0
    assert "secret" not in repr(first)


def test_history_lines_survive_a_line_that_was_cut(tmp_path: Path) -> None:
    record = CanvasRecord(tmp_path, "canvas_a")
    assert record.lines() == []
    record.add(HistoryLine(AT, Deed.FORCED, "Took over the lock."))
    path = next(tmp_path.rglob("*.jsonl"))
    path.write_bytes(path.read_bytes() + b'{"at": "20')
    record.add(HistoryLine(AT, Deed.COPIED, "Saved as a copy."))
    assert [line.deed for line in record.lines()] == [Deed.COPIED, Deed.FORCED]
