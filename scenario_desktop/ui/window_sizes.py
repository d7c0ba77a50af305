"""How wide and how high the window's regions are, and which of them gives way first.

Arithmetic over the look's measures; all lengths are logical pixels.
"""

from __future__ import annotations

from PySide6.QtCore import QSize

from scenario_desktop.ui import theme

#: The picture area never gets narrower than this while something else can give way.
MIN_PAGE = 480
DRAWER = 320
#: The job panel takes at most this part of the window's height.
MAX_JOBS = 0.7
#: A window that nobody has sized yet, where the screen has room for it.
FIRST = (1440, 900)
#: What a window system may put around a window: borders at the sides, a title bar above.
_FRAME = (16, 48)


def first(screen: QSize) -> tuple[int, int]:
    """Return how large a window is at the very first start.

    Args:
        screen: what the screen has left beside panels and task bars.
    """
    (width, height), (sides, title) = FIRST, _FRAME
    return min(width, screen.width() - sides), min(height, screen.height() - title)


def is_narrow(window: int) -> bool:
    """Say whether a window of this width has a rail for a sidebar, and a drawer."""
    return window < int(theme.metric("layout", "breakpoints", "narrow"))


def is_wide(window: int) -> bool:
    return window >= int(theme.metric("layout", "breakpoints", "wide"))


def rail() -> int:
    """Return the width of a sidebar that shows icons only."""
    return int(theme.metric("layout", "sidebar", "rail"))


def sidebar(window: int, dock: int, wished: int | None) -> int:
    """Return how wide the sidebar is.

    Args:
        dock: the least that stands at the other side of the page.
    """
    sizes = theme.metric("layout", "sidebar")
    # Large text may leave the page too little room beside a full sidebar.
    is_squeezed = window - _scaled(sizes["min"]) - dock < MIN_PAGE
    if is_narrow(window) or is_squeezed:
        return rail()
    width = wished or _scaled(sizes["wide"] if is_wide(window) else sizes["default"])
    return int(max(sizes["min"], min(_scaled(sizes["max"]), width, window - MIN_PAGE - dock)))


def least_dock(kind: str) -> int:
    return int(theme.metric("layout", kind, "min"))


def drawer(window: int) -> int:
    return min(_scaled(DRAWER), window - 64)


def dock(window: int, room: int, kind: str, wished: int | None) -> int:
    """Return how wide a dock is: it gives way first, down to its least width.

    Args:
        room: what the sidebar leaves for page and dock.
    """
    sizes = theme.metric("layout", kind)
    if is_narrow(window):
        return int(sizes["min"])
    width = wished or _scaled(sizes["wide"] if is_wide(window) else sizes["default"])
    most = max(_scaled(sizes["max"]), sizes["min"])
    width = min(most, max(sizes["min"], width))
    return int(max(sizes["min"], min(width, room - MIN_PAGE)))


def job_panel(window: int, wished: int | None) -> int:
    """Return how high the job panel is in a window of this height."""
    sizes = theme.metric("layout", "job_panel")
    # A low window keeps half of it for the page, until the user wants it otherwise.
    default = min(sizes["default"], max(sizes["min"], window // 2))
    return int(min(window * MAX_JOBS, max(sizes["min"], wished or default)))


def side_limited(kind: str, width: int) -> int:
    """Return the width nearest to this that a sidebar or dock may be dragged to."""
    sizes = theme.metric("layout", kind)
    return int(min(_scaled(sizes["max"]), max(int(sizes["min"]), width)))


def job_panel_limited(height: int) -> int:
    """Return the height nearest to this that the job panel may be dragged to."""
    return max(int(theme.metric("layout", "job_panel", "min")), height)


def _scaled(width: int) -> int:
    """Return a width for the text in force: half as fast as the text grows."""
    return round(width * (1 + theme.current().scale) / 2)
