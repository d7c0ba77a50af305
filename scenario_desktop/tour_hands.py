"""What the tour's parts do alike: find what is on the screen by name, press it, type into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractButton, QWidget

W = TypeVar("W", bound="QWidget")


class Walker(Protocol):
    """What the steps need of the tour."""

    @property
    def bench(self) -> Any: ...
    def expect(self, is_so: bool, otherwise: str) -> None: ...
    async def until(self, condition: Callable[[], Any]) -> None: ...
    async def until_async(self, condition: Callable[[], Awaitable[bool]]) -> None: ...
    async def quiet(self) -> None: ...
    async def shoot(self, name: str) -> None: ...


async def dialog_of(walker: Walker, kind: type[W]) -> W:
    """Wait until a dialog of this kind is there, and return it."""
    window = walker.bench.window
    found: list[W] = []

    def is_there() -> bool:
        found[:] = [one for one in window.findChildren(kind) if one.isVisible()]
        return bool(found)

    await walker.until(is_there)
    return found[-1]


def press(walker: Walker, place: QWidget, name: str) -> None:
    """Click the visible button that says this, or is known by it to assistive tools."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QAbstractButton

    buttons: list[QAbstractButton] = place.findChildren(QAbstractButton)
    for button in buttons:
        if button.isVisible() and name in (button.text(), button.accessibleName()):
            QTest.mouseClick(button, Qt.MouseButton.LeftButton)
            return
    walker.expect(False, f"there is nothing called {name}")


def type_into(walker: Walker, editor: QWidget, text: str) -> None:
    """Type a text into a field in place of what stands there."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QLineEdit

    fields: list[QLineEdit] = editor.findChildren(QLineEdit)
    field = editor if isinstance(editor, QLineEdit) else next(iter(fields), None)
    walker.expect(field is not None, "there is no field to type into")
    assert field is not None  # noqa: S101 - for the type checker; said in words above
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Tab)
