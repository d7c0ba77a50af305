"""Videos in the large preview: played by the clock, never waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from scenario_desktop.errors import AppError, BadInput, Offline
from scenario_desktop.imaging import video as reader
from scenario_desktop.imaging.pool import WorkerPool
from scenario_desktop.items import Item, Picture
from scenario_desktop.services.videos import Video, Videos
from scenario_desktop.ui.actions import cancel_all
from scenario_desktop.ui.loop import run
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.preview.controller import PreviewController
from scenario_desktop.ui.panels.preview.player import Player, State
from scenario_desktop.ui.panels.preview.view import PreviewView
from tests.fakes_scenario import InlinePool
from tests.support import until
from tests.video_files import make_video, numbers_of
from tests.widget.gallery_support import FakeThumbnails, item
from tests.widget.test_preview import Shelf

Loop = Callable[..., Any]
FPS = 25.0


class Cinema:
    """Serves one file, decoded in this process; ``gate`` holds its frames back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.error: AppError | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.opened: list[Video] = []
        pool = InlinePool()
        pool.gate = self.gate.wait
        self.videos = Videos(self, make_pool=lambda: cast(WorkerPool, pool), rest_s=0.0)

    async def read_video(self, one: Item, read: Callable[[Path], Any]) -> Any:
        if self.error is not None:
            raise self.error
        return await read(self.path)

    async def open(self, one: Item, box: tuple[int, int]) -> Video:
        self.opened.append(await self.videos.open(one, box))
        return self.opened[-1]


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Seat:
    """A preview, its player, and what was seen."""

    def __init__(self, controller: PreviewController, cinema: Cinema, clock: Clock) -> None:
        self.controller, self.cinema, self.clock = controller, cinema, clock
        self.view: PreviewView = controller._view
        self.player: Player = controller.playing.player
        self.player._clock = clock
        self.frames: list[int] = []
        self.outside: list[bool] = []
        self.player.frame_shown.connect(self._see)
        controller.play_requested.connect(lambda: self.outside.append(True))

    def _see(self, frame: Picture) -> None:
        self.frames.append(numbers_of(frame, frame.height)[0])

    async def open(self) -> None:
        self.controller.open(3)
        await until(self.view.player.isVisible)
        await until(self.view.picture.has_picture)

    async def play(self) -> None:
        """Play, until all frames of the short video are there."""
        QTest.keyClick(self.view, Qt.Key.Key_Space)
        await until(lambda: self.state is State.PLAYING)
        video = self.player.video
        assert video is not None
        await until(lambda: video.ahead(0) == video.info.frames)

    def wait(self, frames: float) -> None:
        """Let so much time pass, and the timer ring once."""
        self.clock.now += frames / FPS
        self.player._timer.stop()
        self.player._on_time()

    @property
    def state(self) -> State:
        return self.player.state

    @property
    def note(self) -> str:
        return self.view.player.note.text().replace("\u00a0", " ")


@pytest.fixture
def cinema(tmp_path: Path) -> Iterator[Cinema]:
    yield Cinema(make_video(tmp_path / "a.avi", 50, FPS))
    reader.forget()


@pytest.fixture
def seat(qapp: QApplication, cinema: Cinema) -> Iterator[Seat]:
    host = QWidget()
    host.resize(800, 600)
    host.show()
    store = PictureStore(FakeThumbnails())
    controller = PreviewController(PreviewView(host), store)
    shelf = Shelf()
    shelf.items[3] = item(3, kind="video", duration_s=2.0, width=160, height=120)
    controller.open_workspace(shelf, shelf, None, cinema)
    clock = Clock()
    seat = Seat(controller, cinema, clock)
    yield seat
    store.close()
    host.close()
    host.deleteLater()


@pytest.fixture
def qt_loop(seat: Seat) -> Loop:
    async def until_closed(test: Coroutine[Any, Any, None]) -> None:
        try:
            await test
        finally:
            seat.view.close_preview()
            seat.cinema.gate.set()
            await cancel_all(seat.view)
            await seat.cinema.videos.aclose()

    return lambda test: run(until_closed(test))


async def test_the_poster_comes_first_and_nothing_is_fetched(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    assert seat.state is State.POSTER
    assert seat.view.badge.isVisible()
    assert not seat.view.player.position.isEnabled()
    assert seat.view.player.time.text() == "0:00\u00a0/\u00a00:02"
    assert "without sound" in seat.view.player.toggle.toolTip()
    assert not seat.cinema.opened


async def test_it_plays_by_the_clock_and_leaves_out_what_is_late(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    assert not seat.view.badge.isVisible()
    for frames in (1, 1, 0.2, 0.9, 7, 1):
        seat.wait(frames)
    assert seat.frames == [0, 1, 2, 3, 10, 11]
    assert seat.view.player.position.value() == 11


async def test_the_timer_rings_for_the_next_frame(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    seat.wait(1)
    assert seat.player._timer.isActive()
    assert 1 <= seat.player._timer.interval() <= 41
    seat.clock.now += 1.2 / FPS
    await until(lambda: seat.player.at == 2)


async def test_space_pauses_and_goes_on_from_there(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    seat.wait(5)
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    assert (seat.state, seat.note) == (State.PAUSED, "Frame 6")
    assert not seat.player._timer.isActive()
    seat.clock.now += 60
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    seat.wait(1)
    assert (seat.state, seat.player.at) == (State.PLAYING, 6)
    assert seat.view.isVisible()


async def test_comma_and_period_step_and_pause(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    seat.wait(5)
    QTest.keyClick(seat.view, Qt.Key.Key_Period)
    assert (seat.state, seat.player.at) == (State.PAUSED, 6)
    for _ in range(9):
        QTest.keyClick(seat.view, Qt.Key.Key_Comma)
    await until(lambda: seat.frames[-1] == 0)
    assert seat.player.at == 0
    seat.view.player.forward.click()
    assert seat.player.at == 1


async def test_a_step_loads_the_video_without_playing_it(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    QTest.keyClick(seat.view, Qt.Key.Key_Period)
    await until(lambda: seat.state is State.PAUSED)
    await until(lambda: seat.frames == [0])


async def test_the_end_stays_seen_and_space_begins_again(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    seat.wait(49)
    assert seat.state is State.PLAYING
    seat.wait(1)
    assert (seat.state, seat.frames[-1]) == (State.ENDED, 49)
    assert seat.note == "Ended"
    assert seat.view.player.time.text() == "0:02\u00a0/\u00a00:02"
    assert seat.view.badge.isVisible()
    seat.view.badge.click()
    assert (seat.state, seat.player.at) == (State.PLAYING, 0)


async def test_with_the_loop_it_goes_on_from_the_beginning(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    QTest.keyClick(seat.view, Qt.Key.Key_L)
    assert seat.view.player.loop.isChecked()
    seat.wait(49)
    seat.wait(3)
    assert (seat.state, seat.player.at) == (State.PLAYING, 2)


async def test_seeking_plays_on_from_the_new_place(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    slider = seat.view.player.position
    middle = slider.rect().center()
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert 20 <= seat.player.at <= 30
    assert seat.state is State.PLAYING
    at = seat.player.at
    seat.wait(2)
    assert seat.frames[-1] == at + 2


async def test_without_frames_it_waits_and_plays_on_when_they_come(
    qt_loop: Loop, seat: Seat
) -> None:
    await seat.open()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    await until(lambda: seat.player.video is not None)
    video = seat.player.video
    assert video is not None
    await until(lambda: video.ahead(0) == 50)
    seat.cinema.gate.clear()
    video._kept = {number: video._kept[number] for number in range(5)}
    seat.wait(2)
    seat.wait(10)
    assert (seat.state, seat.frames[-1], seat.note) == (State.BUFFERING, 4, "Buffering…")
    assert seat.view.spinner.isVisibleTo(seat.view)
    seat.cinema.gate.set()
    await until(lambda: seat.state is State.PLAYING)
    seat.wait(1)
    assert seat.frames[-1] == 5


async def test_a_frame_sought_while_paused_comes_when_it_is_there(
    qt_loop: Loop, seat: Seat
) -> None:
    await seat.open()
    await seat.play()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    seat.cinema.gate.clear()
    assert seat.player.video is not None
    seat.player.video._kept.clear()
    seat.player.seek(30)
    assert (seat.state, seat.note) == (State.PAUSED, "Buffering…")
    seat.cinema.gate.set()
    await until(lambda: seat.frames[-1] == 30)
    assert seat.note == "Frame 31"


@pytest.mark.parametrize("body", [b"", b"no video", b"\0\0\0\x18ftypmp42" + bytes(900)])
async def test_a_broken_file_says_so_and_opens_outside(
    qt_loop: Loop, seat: Seat, body: bytes
) -> None:
    seat.cinema.path.write_bytes(body)
    await seat.open()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    await until(lambda: seat.state is State.FAILED)
    assert seat.view.failure
    seat.view._failure.action_requested.emit()
    assert seat.outside == [True]


async def test_without_network_it_can_be_tried_again(qt_loop: Loop, seat: Seat) -> None:
    seat.cinema.error = Offline("There is no connection.")
    await seat.open()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    await until(lambda: seat.view.failure == "There is no connection.")
    seat.cinema.error = None
    seat.view._failure.action_requested.emit()
    await until(lambda: seat.state is State.PLAYING)
    assert not seat.view.failure
    assert not seat.outside


async def test_a_file_that_breaks_on_the_way_says_so(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    assert seat.player.video is not None
    seat.player.video.failed.emit(BadInput("This video is damaged."))
    assert seat.view.failure == "This video is damaged."
    assert not seat.player._timer.isActive()


async def test_a_file_that_ends_early_is_told(qt_loop: Loop, seat: Seat) -> None:
    body = seat.cinema.path.read_bytes()
    seat.cinema.path.write_bytes(body[: len(body) // 2])
    await seat.open()
    await seat.play()
    seat.wait(100)
    assert (seat.state, seat.note) == (State.ENDED, "Ended early")
    assert "cut off" in seat.view.player.note.toolTip()


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Right])
async def test_leaving_it_stops_and_frees_everything(
    qt_loop: Loop, seat: Seat, key: Qt.Key
) -> None:
    await seat.open()
    await seat.play()
    QTest.keyClick(seat.view, key)
    assert seat.player.video is None
    assert not seat.player._timer.isActive()
    assert not seat.cinema.opened[0]._kept
    await until(lambda: seat.cinema.videos._pool is None)


async def test_leaving_it_while_it_loads_plays_nothing(qt_loop: Loop, seat: Seat) -> None:
    seat.cinema.gate.clear()
    await seat.open()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    assert (seat.state, seat.note) == (State.LOADING, "Fetching…")
    QTest.keyClick(seat.view, Qt.Key.Key_Escape)
    seat.cinema.gate.set()
    await seat.player.loading.settle()
    assert (seat.state, seat.player.video) == (State.POSTER, None)


async def test_pausing_while_it_loads_shows_the_first_frame(qt_loop: Loop, seat: Seat) -> None:
    seat.cinema.gate.clear()
    await seat.open()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    seat.cinema.gate.set()
    await until(lambda: seat.frames == [0])
    assert seat.state is State.PAUSED


async def test_another_size_brings_frames_that_fit(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    await seat.play()
    video = seat.player.video
    assert video is not None
    assert video.frame_px == (160, 120)
    seat.view.picture.resize(QSize(132, 132))
    await until(lambda: video.frame_px == (100, 75))
    await until(lambda: video.ahead(0) == 50)


async def test_a_narrow_preview_keeps_the_name_rather_than_the_facts(
    qt_loop: Loop, seat: Seat
) -> None:
    await seat.open()
    assert seat.view.facts.isVisible()
    host = seat.view.parentWidget()
    assert host is not None
    host.resize(600, 500)
    await until(lambda: not seat.view.facts.isVisible())


async def test_a_picture_has_no_player(qt_loop: Loop, seat: Seat) -> None:
    await seat.open()
    seat.controller.step(1)
    await until(lambda: seat.view.name.text() == "Picture 0004")
    assert not seat.view.player.isVisible()
    assert not seat.view.badge.isVisible()
    QTest.keyClick(seat.view, Qt.Key.Key_Space)
    assert seat.view.isHidden()
