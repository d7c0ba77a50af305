"""The clockwork of a video that plays: which frame is due, whether it is there, and what then.

It shows whole frames at their time and leaves out those whose time has passed. Nothing here waits:
a frame that is not there yet is asked for and comes with a signal.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from scenario_desktop.items import Item
from scenario_desktop.services.videos import Size, Video, VideoInfo
from scenario_desktop.ui.actions import AsyncAction, Overlap

#: Seconds of frames to have before playing (on), so that it does not stop at once again.
CUSHION_S: Final = 0.35
#: A frame is due this much before its time: timers and floats are not that exact.
_EARLY: Final = 0.02


class State(StrEnum):
    """What the player does."""

    POSTER = "poster"  # nothing was fetched yet
    LOADING = "loading"
    PLAYING = "playing"
    BUFFERING = "buffering"  # plays on as soon as there are frames
    PAUSED = "paused"
    ENDED = "ended"
    FAILED = "failed"


class VideoSource(Protocol):
    """What is needed of the service for videos."""

    async def open(self, item: Item, box: Size, /) -> Video: ...


class Player(QObject):
    """Plays one video at a time.

    Attributes:
        state: what it does.
        at: the frame that is shown, or waited for.
        is_looping: it begins again at its end.

    Signals:
        state_changed: it does something else now.
        moved: another frame is shown, or waited for; its number.
        frame_shown: pixels to show.
        info_changed: the video was opened, or turned out shorter.
        failed: why it cannot be played.
    """

    state_changed = Signal(object)
    moved = Signal(int)
    frame_shown = Signal(object)
    info_changed = Signal()
    failed = Signal(object)

    def __init__(
        self,
        box: Callable[[], Size],
        *,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        """
        Args:
            box: tells what frames are to fill, in device pixels.
        """
        super().__init__(parent)
        self.state = State.POSTER
        self.at = 0
        self.is_looping = False
        self._box, self._clock = box, clock
        self._source: VideoSource | None = None
        self._item: Item | None = None
        self._video: Video | None = None
        self._info: VideoInfo | None = None
        self._begun = 0.0  # when the first frame was due, by the clock
        self._shown = -1
        self._goes_on = False  # after loading
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_time)
        self.loading = AsyncAction(self._load, parent=self, overlap=Overlap.RESTART)
        self.loading.failed.connect(self._on_failed)

    @property
    def video(self) -> Video | None:
        """The video that is open; None before it was loaded."""
        return self._video

    @property
    def is_running(self) -> bool:
        """Whether it plays, or will as soon as it can."""
        is_on_its_way = self.state is State.LOADING and self._goes_on
        return is_on_its_way or self.state in (State.PLAYING, State.BUFFERING)

    @property
    def is_waiting(self) -> bool:
        """Whether the frame that should be shown is still on its way."""
        return self._video is not None and self._shown != self.at

    def open(self, source: VideoSource | None, item: Item) -> None:
        """Make ready for a video; nothing is fetched before it is played."""
        self.close()
        self._source, self._item = source, item

    def close(self) -> None:
        """Stop, and let go of all frames and of what is on its way."""
        self._timer.stop()
        self.loading.cancel()
        self._let_go()
        self._source = self._item = None
        self.at = 0
        self._become(State.POSTER)

    def toggle(self) -> None:
        """Play or pause."""
        if self.is_running:
            self.pause()
        else:
            self.play()

    def play(self) -> None:
        """Play on; from the beginning after the end. Loads the video first."""
        if self._video is None:
            self._begin(goes_on=True)
            return
        if self.state is State.ENDED:
            self._go_to(0)
        self._run()

    def pause(self) -> None:
        self._timer.stop()
        self._goes_on = False
        if self.state in (State.PLAYING, State.BUFFERING):
            self._become(State.PAUSED)

    def seek(self, number: int) -> None:
        """Go to a frame; what played plays on from there."""
        if self._video is None:
            return
        was_running = self.is_running
        self._timer.stop()
        self._go_to(number)
        if was_running:
            self._run()
        else:
            self._become(State.PAUSED)

    def step(self, frames: int) -> None:
        """Pause, and go some frames on or back."""
        self.pause()
        if self._video is None:
            self._begin(goes_on=False)
        else:
            self.seek(self.at + frames)

    def set_looping(self, is_looping: bool) -> None:
        self.is_looping = is_looping
        if self._video is not None:
            self._video.is_looping = is_looping
            self._video.go_to(self.at)

    def resize(self) -> None:
        """Have frames of another size, since the box has another one."""
        if self._video is None:
            return
        before = self._video.frame_px
        self._video.resize(self._box())
        if self._video.frame_px != before:
            self._shown = -1

    def _begin(self, *, goes_on: bool) -> None:
        self._goes_on = goes_on
        if self.state is not State.LOADING and self._source is not None:
            self._become(State.LOADING)
            self.loading.trigger()

    async def _load(self) -> None:
        source, item = self._source, self._item
        if source is None or item is None:
            return
        self._let_go()
        video = self._video = await source.open(item, self._box())
        video.is_looping = self.is_looping
        video.grown.connect(self._on_grown)
        video.failed.connect(self._on_failed)
        self._info = video.info
        self.info_changed.emit()
        self._go_to(0)
        if self._goes_on:
            self._run()
        else:
            self._become(State.PAUSED)

    def _let_go(self) -> None:
        video, self._video = self._video, None
        self._shown = -1
        if video is not None:
            video.grown.disconnect(self._on_grown)
            video.failed.disconnect(self._on_failed)
            video.close()

    def _run(self) -> None:
        """Play from where it is, or wait until there are frames."""
        video = self._video
        if video is None:
            return
        if not self._is_ready(video):
            self._become(State.BUFFERING)
            return
        self._begun = self._clock() - self.at / video.info.fps
        self._become(State.PLAYING)
        self._wait_for_next(video)

    def _is_ready(self, video: Video) -> bool:
        cushion = max(2, math.ceil(video.info.fps * CUSHION_S))
        left = video.info.frames - self.at
        return video.ahead(self.at) >= min(cushion, left, video.room)

    def _wait_for_next(self, video: Video) -> None:
        due_s = self._begun + (self.at + 1) / video.info.fps - self._clock()
        self._timer.start(max(1, math.ceil(due_s * 1000)))

    def _on_time(self) -> None:
        """Show the frame whose time it is."""
        video = self._video
        if video is None or self.state is not State.PLAYING:
            return
        frames, fps = video.info.frames, video.info.fps
        due = int((self._clock() - self._begun) * fps + _EARLY)
        if due >= frames and self.is_looping:
            self._begun += due // frames * frames / fps
            due %= frames
        elif due >= frames:
            self._go_to(frames - 1)
            self._become(State.ENDED)
            return
        if due == self.at or video.frame(due) is not None:
            self._go_to(due)
            self._wait_for_next(video)
            return
        # It is not there yet: go as far as there are frames, and wait.
        self._go_to(self.at + max(1, video.ahead(self.at)) - 1 if due > self.at else due)
        self._become(State.BUFFERING)

    def _go_to(self, number: int) -> None:
        video = self._video
        if video is None:
            return
        number = min(max(0, number), video.info.frames - 1)
        is_other = number != self.at
        self.at = number
        video.go_to(number)
        self._show(video)
        if is_other:
            self.moved.emit(number)

    def _show(self, video: Video) -> None:
        frame = video.frame(self.at) if self._shown != self.at else None
        if frame is not None:
            self._shown = self.at
            self.frame_shown.emit(frame)

    def _on_grown(self) -> None:
        video = self._video
        if video is None:
            return
        if video.info != self._info:
            self._info = video.info
            self.info_changed.emit()
            self._go_to(self.at)  # it may lie behind the end now
        self._show(video)
        if self.state is State.BUFFERING and self._is_ready(video):
            self._run()

    def _on_failed(self, error: object) -> None:
        self._timer.stop()
        self._let_go()
        self._become(State.FAILED)
        self.failed.emit(error)

    def _become(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)
