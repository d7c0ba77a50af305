"""Frames of videos: the right ones, in any order, and none of what is no video."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scenario_desktop.errors import BadInput
from scenario_desktop.imaging import tasks, video
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Picture
from tests.video_files import make_video, numbers_of


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    yield
    video.forget()


def frames(path: Path, start: int, count: int = 3, size: tuple[int, int] = (80, 60)) -> list[int]:
    return numbers_of(tasks.video_frames(path, start, count, *size), size[1])


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_a_video_says_what_it_is(tmp_path: Path, name: str) -> None:
    info = tasks.video_info(make_video(tmp_path / name, frames=48, fps=24))
    assert (info.width, info.height, info.frames, info.fps) == (160, 120, 48, 24.0)
    assert info.duration_s == 2.0


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_frames_come_in_whatever_order_they_are_asked_for(tmp_path: Path, name: str) -> None:
    path = make_video(tmp_path / name)
    assert frames(path, 0) == [0, 1, 2]
    assert frames(path, 3) == [3, 4, 5]
    assert frames(path, 10) == [10, 11, 12]  # passing over some
    assert frames(path, 40) == [40, 41, 42]
    assert frames(path, 7) == [7, 8, 9]
    assert frames(path, 0) == [0, 1, 2]
    assert frames(path, 46) == [46, 47]
    assert frames(path, 48) == []
    assert frames(path, 20) == [20, 21, 22]


def test_frames_have_exactly_the_size_asked_for(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4")
    for width, height in ((33, 25), (160, 120), (320, 240)):
        picture = tasks.video_frames(path, 5, 1, width, height)
        assert (picture.width, picture.height) == (width, height)
        assert len(picture.data) == width * height * 4
        assert picture.data[3] == 255


def test_another_file_of_the_same_name_is_read_anew(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4")
    assert frames(path, 0) == [0, 1, 2]
    make_video(tmp_path / "b.mp4", frames=2).replace(path)
    assert frames(path, 3) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "kind of video"),
        (b"ffconcat version 1.0\nfile a.mp4\n", "kind of video"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "kind of video"),
        (b"\0\0\0\x18ftypmp42" + bytes(2000), "damaged"),
        (b"RIFF\0\0\0\0AVI LIST" + bytes(2000), "damaged"),
        (b"\x1aE\xdf\xa3" + bytes(range(256)) * 8, "damaged"),
    ],
    ids=["empty", "playlist", "script", "picture", "hollow mp4", "hollow avi", "broken webm"],
)
def test_what_is_no_video_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        tasks.video_info(path)
    with pytest.raises(BadInput, match=words):
        tasks.video_frames(path, 0, 1, 80, 60)


def test_a_playlist_named_like_a_video_inside_one_is_not_followed(tmp_path: Path) -> None:
    target = make_video(tmp_path / "target.avi")
    path = tmp_path / "a.mp4"
    path.write_bytes(b"    ftyp\n#EXTM3U\n#EXTINF:1,\n" + str(target).encode() + b"\n")
    with pytest.raises(BadInput):
        tasks.video_info(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_a_video_without_frames_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        tasks.video_info(make_video(tmp_path / name, frames=0))


def test_a_video_that_was_cut_off_ends_where_its_frames_end(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.avi")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    assert tasks.video_info(path).frames >= 10
    assert frames(path, 0) == [0, 1, 2]
    assert frames(path, 44) == []


def test_too_large_and_too_long_videos_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_video(tmp_path / "a.mp4")
    monkeypatch.setattr(video, "MAX_PIXELS", 160 * 120 - 1)
    with pytest.raises(BadInput, match="160 × 120 pixels"):
        tasks.video_info(path)
    monkeypatch.undo()
    monkeypatch.setattr(video, "MAX_FRAMES", 47)
    with pytest.raises(BadInput, match="too long"):
        tasks.video_info(path)


@pytest.mark.parametrize(
    "asked", [(-1, 1, 80, 60), (0, 0, 80, 60), (0, 1, 0, 60), (0, 1, 4000, 4000)]
)
def test_nonsense_is_not_decoded(tmp_path: Path, asked: tuple[int, int, int, int]) -> None:
    path = make_video(tmp_path / "a.mp4")
    with pytest.raises(BadInput):
        tasks.video_frames(path, *asked)


def test_a_slow_run_ends_early_but_brings_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "RUN_S", 0.0)
    path = make_video(tmp_path / "a.mp4")
    assert frames(path, 0, 10) == [0]
    assert frames(path, 1, 10) == [1]


def test_a_file_that_does_not_tell_its_length_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    path = make_video(tmp_path / "a.mp4", frames=20)
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    capture.read()
    assert 1 + video._count(capture) == 20
    monkeypatch.setattr(video, "COUNT_S", -1.0)
    capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
    with pytest.raises(BadInput, match="how long"):
        video._count(capture)
    capture.release()


@pytest.mark.parametrize("told", [0.0, -25.0, 90_000.0, float("nan"), float("inf")])
def test_a_senseless_rate_is_not_believed(told: float) -> None:
    assert video._rate(told) == video.USUAL_FPS


async def test_frames_come_out_of_a_worker_process(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", size=(640, 480))
    broken = tmp_path / "b.mp4"
    broken.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(2000))
    pool = WorkerPool(1)
    try:
        info = await pool.run(tasks.video_info, path)
        assert info.frames == 48

        def take(picture: Picture) -> list[int]:
            return numbers_of(picture, 480)

        for start in (0, 4, 30):
            got = await pool.run_into(take, tasks.video_frames, path, start, 4, 640, 480)
            assert got == [start, start + 1, start + 2, start + 3]
        with pytest.raises(BadInput, match="damaged"):
            await pool.run(tasks.video_info, broken)
    finally:
        await pool.aclose()
