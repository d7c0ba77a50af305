"""Connects the clockwork of a video with the preview that shows it."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, QTimer

from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.items import Item, Picture
from scenario_desktop.ui.panels.preview.player import Player, State, VideoSource
from scenario_desktop.ui.panels.preview.view import PreviewView

#: Milliseconds that the size of the view rests before frames of another size are decoded.
REST_MS = 200


class Playing(QObject):
    """Plays videos in the preview.

    Attributes:
        player: what plays.
    """

    def __init__(self, view: PreviewView) -> None:
        super().__init__(view)
        self._view = view
        self.player = player = Player(view.frame_box, parent=self)
        self._box = (0, 0)
        self._resizing = QTimer(self)
        self._resizing.setSingleShot(True)
        self._resizing.setInterval(REST_MS)
        self._resizing.timeout.connect(player.resize)
        bar = view.player
        for toggled in (bar.toggle.clicked, view.toggle_requested):
            toggled.connect(player.toggle)
        bar.back.clicked.connect(self._on_back)
        bar.forward.clicked.connect(self._on_forward)
        bar.loop.clicked.connect(player.set_looping)
        bar.position.moved_by_user.connect(player.seek)
        view.frames_requested.connect(player.step)
        view.loop_requested.connect(bar.loop.click)
        view.frame_box_changed.connect(self._on_box)
        player.state_changed.connect(self._on_state)
        player.moved.connect(self._on_moved)
        player.frame_shown.connect(self._on_frame)
        player.info_changed.connect(self._on_info)
        player.failed.connect(self._on_failed)

    def open(self, source: VideoSource, item: Item) -> None:
        """Make ready for a video whose poster is shown."""
        self.player.open(source, item)
        self._view.player.show_unopened(item.duration_s)
        self._view.show_state(self.player.state)

    def close(self) -> None:
        """Stop, and let go of the video."""
        self._resizing.stop()
        self.player.close()

    def _on_back(self) -> None:
        self.player.step(-1)

    def _on_forward(self) -> None:
        self.player.step(1)

    def _on_state(self, state: State) -> None:
        self._view.show_state(state)

    def _on_moved(self, number: int) -> None:
        self._view.player.show_at(number)
        self._view.player.show_waiting(self.player.is_waiting)

    def _on_frame(self, frame: Picture) -> None:
        video = self.player.video
        if video is not None:
            self._view.show_frame(frame, QSize(video.info.width, video.info.height))
            self._view.player.show_waiting(False)

    def _on_info(self) -> None:
        video = self.player.video
        if video is not None:
            info = video.info
            self._view.player.show_length(info.frames, info.fps, is_cut=video.ends_early)
            self._view.player.show_at(self.player.at)

    def _on_box(self) -> None:
        """Follow the size at which it is seen, once that rests."""
        box = self._view.frame_box()
        if box != self._box and self.player.video is not None:
            self._resizing.start()
        self._box = box

    def _on_failed(self, error: object) -> None:
        if isinstance(error, AppError):
            is_hopeless = isinstance(error, BadInput)
            self._view.show_failure(error.message, error.hint, goes_outside=is_hopeless)
        else:
            words = "The video could not be played", "This is a fault of ours."
            self._view.show_failure(*words, goes_outside=True)
