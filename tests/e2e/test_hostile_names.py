"""Names that look like markup, commands or paths, on every screen: shown as they are typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.app import Program
from scenario_desktop.services.credentials import Secret
from scenario_desktop.services.workspaces import new_record
from tests.e2e.desk import PATIENCE_S, desk, error_card, items, session_of, shown, state_text
from tests.e2e.hostile import NAMES
from tests.e2e.library_server import LibraryServer, library_server
from tests.fault_server import Request, Script, whole
from tests.support import until

HTML = NAMES["html"]


def fill(server: LibraryServer) -> None:
    """Put every hostile name everywhere a name can be."""
    for number, name in enumerate(NAMES.values()):
        collection = f"col_{number}"
        server.collections.append({"id": collection, "name": name, "itemCount": 1})
        server.add(
            name, tags=[name[:100], f"tag {number}"], collectionIds=[collection], description=name,
            authorId=name, status="success" if number % 2 else name[:40],
            metadata={"type": "txt2img", "name": name, "prompt": name, "negativePrompt": name,
                      "modelId": name, "style": name, name[:40]: name},
        )  # fmt: skip


def failing_job(server: LibraryServer) -> None:
    """Answer a detect request with a job that fails in hostile words."""

    def answer(request: Request) -> Script | None:
        path = request.target.partition("?")[0]
        if path == "/v1/generate/detect" and "dryRun=true" in request.target:
            return whole(269, {"creativeUnitsCost": 1, "costDetails": {"detection": 1}})
        job = {
            "jobId": "job_1", "jobType": HTML, "status": "failure", "progress": 1,
            "createdAt": "2026-11-01T12:00:00.000Z", "authorId": HTML,
            "metadata": {"error": HTML, "hint": HTML, "input": {}},
            "statusHistory": [{"status": "failure", "date": "2026-11-01T12:00:00.000Z"}],
        }  # fmt: skip
        if path == "/v1/generate/detect":
            return whole(200, {"job": job})
        if path == "/v1/jobs":
            return whole(200, {"jobs": [job]})
        return whole(200, {"job": job}) if path.startswith("/v1/jobs/") else None

    server.fault = answer


def assert_plain(program: Program) -> set[str]:
    """Paint what is open and look for text that would be taken for more than text.

    Returns:
        All texts that can be seen.
    """
    program.window.grab()
    said = set()
    for top in QApplication.topLevelWidgets():
        for widget in [top, *top.findChildren(QWidget)]:
            assert_tip_is_plain(widget)
            if isinstance(widget, QLabel):
                assert widget.textFormat() is Qt.TextFormat.PlainText, widget.text()
                assert not widget.openExternalLinks()
            assert not isinstance(widget, QTextEdit) or not widget.acceptRichText()
            if widget.isVisible():
                said |= set(texts_of(widget))
    return said


def texts_of(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        yield widget.text()
    elif isinstance(widget, QPlainTextEdit | QTextEdit):
        yield widget.toPlainText()
    yield widget.accessibleName()


def assert_tip_is_plain(widget: QWidget) -> None:
    tip = widget.toolTip()  # Qt takes it for HTML as soon as it looks like it
    document = QTextDocument()
    document.setHtml(tip)
    block = document.begin()
    while block.isValid():
        for part in block.textFormats():
            assert not part.format.isImageFormat(), tip
            assert not part.format.isAnchor(), tip
            assert part.format.fontWeight() in (0, 400), tip
        block = block.next()


async def test_hostile_names_are_text_on_every_screen(qt_loop: Any, tmp_path: Path) -> None:
    async with library_server(0) as server:
        fill(server)
        failing_job(server)
        async with desk(tmp_path / "d") as program:
            await connect(program, server)
            await gallery_and_inspector(program)
            await palette_and_search(program)
            await jobs(program)
            await dialogs(program)
            assert not error_card(program)


async def connect(program: Program, server: LibraryServer) -> None:
    record = new_record(HTML, base_url=server.base_url, project_id="p", project_name=HTML)
    record, _ = await program.workspaces.add(record, Secret("k" * 9, "s" * 9), is_session_only=True)
    program.workspaces.activate(record.id)
    await shown(program, len(NAMES))
    await until(lambda: state_text(program).startswith("Synced"), timeout_s=PATIENCE_S)
    assert {item.name for item in await items(program)} >= {HTML, NAMES["rtl"], NAMES["emoji"]}


async def gallery_and_inspector(program: Program) -> None:
    bench = program.workbench
    await until(lambda: HTML in " ".join(assert_plain(program)))  # the collection in the sidebar
    for item in await items(program):
        bench.gallery.controller.reveal([item.key])
        await until(lambda key=item.key: bench.inspector.keys == (key,))  # type: ignore[misc]
        await until(lambda: not bench.inspector.load.is_busy)
        said = assert_plain(program)
        wanted = item.name.split("\n")[0][:40]
        assert any(wanted in text for text in said), wanted
        bench.preview.open(item.key)
        await bench.preview.load.settle()
        assert_plain(program)
        bench.preview_view.close()
    bench.gallery.view.open_filters()
    assert_plain(program)
    assert bench.gallery.view.filters is not None
    QTest.keyClick(bench.gallery.view.filters, Qt.Key.Key_Escape)
    for collection in bench.sidebar.counts().collections:
        bench.gallery.controller.set_collection(collection.id)
        await bench.gallery.controller.load.settle()
        assert bench.gallery.controller.title == collection.name
        assert_plain(program)
    bench.gallery.controller.clear_filter()


async def palette_and_search(program: Program) -> None:
    bench = program.workbench
    for typed in ("<b>", "#<", "%_", "[*]", "../"):
        bench.palette.open(typed)
        await until(lambda: bench.palette.view() is not None)
        assert_plain(program)
        view = bench.palette.view()
        assert view is not None
        QTest.keyClick(view.field, Qt.Key.Key_Escape)
        await until(lambda: bench.palette.view() is None)
        QTest.keyClicks(bench.topbar_view.search.field, typed)
        await until(lambda text=typed: bench.gallery.controller.query.text == text.strip())  # type: ignore[misc]
        await bench.gallery.controller.load.settle()
        assert_plain(program)
        bench.topbar_view.search.clear()
        await until(lambda: not bench.gallery.controller.query.text)
        await shown(program, len(NAMES))


async def jobs(program: Program) -> None:
    session, bench = session_of(program), program.workbench
    item = next(item for item in await items(program) if item.name == HTML)
    bench.gallery.controller.reveal([item.key])
    bench.commands.run("detect.open")
    await until(lambda: bench.window.page == "detect")
    assert_plain(program)
    request = DetectRequest(modality="canny", image=item.id)
    quote = await session.detect.quote([request])
    await session.detect.submit(quote, [item], is_confirmed=True)
    await until(lambda: session.jobs.rows and not session.jobs.rows[0].is_active)
    assert session.jobs.rows[0].error.startswith("<b>bold</b>")
    bench.window.show_jobs(True)
    assert_plain(program)
    bench.window.set_page("gallery")


async def dialogs(program: Program) -> None:
    bench = program.workbench
    for command in ("view.settings", "view.workspaces", "workspace.connect", "help.keys"):
        before = set(program.window.findChildren(QWidget))
        bench.commands.run(command)
        await until(lambda known=before: set(program.window.findChildren(QWidget)) - known)  # type: ignore[misc]
        assert_plain(program)
    bench.notices.toast(HTML)
    assert HTML in assert_plain(program)
