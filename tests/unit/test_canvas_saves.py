"""A session's saves: what arrives, what may have arrived, and whose version stands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from scenario_desktop.api.models.assets import AssetUpdate
from scenario_desktop.errors import (
    AppError,
    BadInput,
    Refused,
    ServerFailed,
    Unreachable,
)
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.lease import Phase
from scenario_desktop.services.canvas.wire import ChangedMeanwhile, SaveUncertain
from tests.canvas_room import CANVAS, Ann, others_in, strokes_in
from tests.canvas_server import Fault, drain


async def test_saving_sends_changed_layers_hidden_and_one_update(ann: Ann) -> None:
    await ann.draw("s1")
    ann.screen.draw("sea", "s2")
    await drain()
    progress: list[tuple[int, int]] = []
    result = await ann.at.save(on_progress=lambda done, total: progress.append((done, total)))
    assert progress == [(0, 2), (1, 2), (2, 2)]
    assert ann.ann.count("save") == 1
    assert all(p.hide and p.parent_id == CANVAS for p in ann.server.pictures.values())
    assert len(ann.canvas.snapshots) == 1
    assert set(result.asset_ids.values()) == set(ann.server.pictures)
    assert ann.at.text == ann.canvas.text
    await ann.draw("s3")
    await ann.at.save(is_snapshot=False)
    assert ann.ann.count("create_asset") == 3
    assert len(ann.canvas.snapshots) == 1
    assert ann.on_disk() == []


async def test_it_saves_by_itself_every_minute(ann: Ann) -> None:
    await ann.draw("s1")
    await ann.pass_s(59)
    assert ann.canvas.saves == []
    await ann.pass_s(2)
    assert ann.shown_by_server() == {"s1"}
    assert ann.canvas.snapshots == []
    await ann.pass_s(120)
    assert len(ann.canvas.saves) == 1


async def test_strokes_made_while_saving_stay_unsaved(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.latency_s = 1.0
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(2.5)
    ann.screen.draw("sky", "s2")
    await ann.pass_s(20)
    await save
    assert ann.shown_by_server() == {"s1"}
    assert ann.at.is_unsaved
    assert ann.kept_strokes() == {"s1", "s2"}


@pytest.mark.parametrize("fault", [Fault.AFTER, Fault.FAILED])
async def test_a_save_whose_answer_is_lost_is_found(ann: Ann, fault: Fault) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [fault]
    await ann.at.save()
    assert ann.ann.count("save") == 1
    assert not ann.at.is_unsaved


async def test_a_save_that_did_not_arrive_is_uncertain_and_not_repeated(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.BEFORE]
    with pytest.raises(SaveUncertain):
        await ann.at.save()
    assert ann.ann.count("save") == 1
    assert ann.kept_strokes() == {"s1"}
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}


async def test_without_a_connection_a_save_is_certainly_not_sent(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.UNREACHABLE]
    with pytest.raises(Unreachable):
        await ann.at.save()
    (draft,) = ann.on_disk()
    assert draft.note.sent == ()


async def test_an_older_save_that_arrives_late_is_found_out(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save(is_snapshot=False)
    await ann.draw("s2")
    await ann.at.save(is_snapshot=False)
    ann.server.deliver()
    assert ann.shown_by_server() == {"s1"}
    await ann.at.release()
    assert ann.kept_strokes() == {"s1", "s2"}
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.LATE


async def test_the_same_save_again_does_not_settle_the_first(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["save"] = [Fault.LATE]
    with pytest.raises(SaveUncertain):
        await ann.at.save(is_snapshot=False)
    await ann.at.save(is_snapshot=False)
    await ann.draw("s2")
    await ann.at.save(is_snapshot=False)
    ann.server.deliver()
    await ann.at.release()
    assert ann.kept_strokes() == {"s1", "s2"}


async def test_what_somebody_saved_is_never_overwritten(ann: Ann) -> None:
    ann.ben_saves()
    await ann.draw("s1")
    assert ann.at.lease.is_changed
    with pytest.raises(ChangedMeanwhile):
        await ann.at.save()
    assert ann.ann.count("save") == 0
    await ann.pass_s(1)
    assert ann.kept_strokes() == {"s1"}


async def test_what_was_shown_while_a_save_was_on_its_way_is_not_overwritten(ann: Ann) -> None:
    ann.ann.latency_s = 0.2
    ann.ben_saves()
    await ann.draw("s1")
    await ann.at.discard()
    ann.screen.load(ann.at.text)
    await ann.pass_s(0.65)
    assert ann.phase == Phase.HELD
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(5)
    with pytest.raises(ChangedMeanwhile):
        await save
    assert others_in(ann.canvas.text) == {"ben"}
    assert ann.screen.others == ["ben"]


async def test_a_save_that_ends_late_does_not_pass_for_a_draft_taken_up(ann: Ann) -> None:
    ann.ben_locks(60)
    await ann.draw("s1")
    (draft,) = ann.on_disk()
    await ann.pass_s(61)
    await ann.draw("s2", "s3")
    ann.ann.latency_s = 1.0
    save = asyncio.ensure_future(ann.at.save())
    await ann.pass_s(0.5)
    resume = asyncio.ensure_future(ann.at.resume(draft.note.id))
    await ann.pass_s(30)
    await save
    assert (await resume) is not None
    assert ann.at.is_unsaved
    assert ann.kept_strokes() == {"s1"}


async def test_renaming_by_somebody_is_no_change(ann: Ann) -> None:
    ann.server.update(CANVAS, AssetUpdate(name="Renamed"), "ben")
    await ann.draw("s1")
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}


async def test_keeping_mine_keeps_theirs_in_a_draft(ann: Ann) -> None:
    ann.ben_saves()
    await ann.draw("s1")
    assert others_in(await ann.at.theirs()) == {"ben"}
    await ann.at.keep_mine()
    await ann.at.save()
    assert ann.shown_by_server() == {"s1"}
    (draft,) = ann.on_disk()
    assert draft.note.why is KeptWhy.THEIRS
    assert others_in(draft.text) == {"ben"}


async def test_adopting_theirs_keeps_mine_in_a_draft(ann: Ann) -> None:
    ann.ben_saves()
    await ann.draw("s1")
    await ann.at.theirs()
    ann.screen.load(await ann.at.adopt_theirs())
    assert ann.kept_strokes() == {"s1"}
    await ann.draw("s2")
    await ann.at.save()
    assert (ann.shown_by_server(), others_in(ann.canvas.text)) == ({"s2"}, {"ben"})


async def test_what_changed_before_the_first_stroke_is_simply_shown(ann: Ann) -> None:
    ann.ben_saves()
    await ann.at.take_again()
    assert not ann.at.lease.is_changed
    assert ann.screen.others == ["ben"]


async def test_a_server_that_says_done_and_did_nothing_is_found_out(ann: Ann) -> None:
    await ann.draw("s1")
    ann.server.update = lambda *_: None  # type: ignore[method-assign]
    with pytest.raises(SaveUncertain):
        await ann.at.save()
    assert ann.at.is_unsaved


async def test_a_layer_that_was_sent_is_not_sent_again(ann: Ann) -> None:
    await ann.draw("s1")
    ann.ann.faults["create_asset"] = [Fault.AFTER]
    with pytest.raises(AppError):
        await ann.at.save()
    await ann.at.save()
    assert ann.ann.count("create_asset") == 1
    assert ann.shown_by_server() == {"s1"}


async def test_layers_that_arrived_are_kept_when_another_fails(ann: Ann) -> None:
    await ann.draw("s1")
    ann.screen.draw("sea", "s2")
    ann.ann.faults["create_asset"] = [ServerFailed("no"), BadInput("no")]
    with pytest.raises(AppError):
        await ann.at.save()
    await ann.at.save()
    assert ann.shown_by_server() == {"s1", "s2"}


async def test_a_canvas_that_is_too_large_is_told_before_it_is_sent(
    ann: Ann, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenario_desktop.services.canvas.layer_uploads.MAX_CANVAS_BYTES", 10)
    await ann.draw("s1")
    with pytest.raises(BadInput, match="most that can be saved"):
        await ann.at.save()
    assert ann.ann.count("save") == 0


@pytest.mark.parametrize("fault", [None, Fault.AFTER])
async def test_a_copy_needs_no_lock_and_is_made_once(ann: Ann, fault: Fault | None) -> None:
    await ann.draw("s1")
    ann.server.unlock(CANVAS, None, True)
    ann.ben_locks(3000)
    await ann.pass_s(160)
    ann.ann.faults["create_canvas"] = [fault] if fault else []
    copy = await ann.at.save_as_copy("Mine")
    assert len(ann.server.canvases) == 2
    assert strokes_in(ann.server.canvases[copy.id].text, {}, ann.server) == {"s1"}
    assert ann.on_disk() == []
    assert ann.phase == Phase.VIEWING


async def test_a_snapshot_is_restored_as_a_new_save(ann: Ann) -> None:
    for stroke in ("s1", "s2"):
        await ann.draw(stroke)
        await ann.at.save()
    await ann.draw("s3")
    page = await ann.at.snapshots()
    ann.screen.load(await ann.at.restore(page.snapshots[-1]))
    assert ann.shown_by_server() == {"s1"}
    assert len(ann.canvas.snapshots) == 3
    assert "s3" in ann.kept_strokes()


async def test_a_foreign_canvas_is_never_written(tmp_path: Path) -> None:
    ann = Ann(tmp_path / "drafts")
    text = '{"format":"other", "layers": {}, "others": [], "z": 1.0}'
    ann.canvas.text = text
    ann.canvas.snapshots = []
    session = await ann.open()
    assert session.is_foreign
    with pytest.raises(Refused):
        session.edited()
    await session.take_again()
    assert ann.phase == Phase.HELD
    with pytest.raises(Refused):
        await session.save()
    await session.rename("New name")
    await session.describe("Words")
    await session.release()
    assert (ann.canvas.name, ann.canvas.description, ann.canvas.text) == ("New name", "Words", text)
    await session.aclose()
