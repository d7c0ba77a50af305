"""A key or a signature never reaches a log, in whatever form and by whatever road."""

from __future__ import annotations

import base64
import io
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from scenario_desktop.api import redaction
from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.errors import AppError
from tests.fault_server import fault_server, whole

SECRET = "c4n4ry+Key/with=odd%signs"
SIGNED = "https://cdn.example/a.png?Policy=eyJQ&Signature=S1GN4TURE~x&Key-Pair-Id=K1"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what a handler of the root logger writes at DEBUG, with the cleaning in place."""
    redaction.install()
    redaction.install()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)
    redaction.uninstall()


@pytest.mark.parametrize(
    "form",
    [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), repr(SECRET)],
)
def test_registered_secrets_are_hidden_in_every_form(form: str, written: io.StringIO) -> None:
    redaction.register_secret(SECRET)
    logging.getLogger("anything").warning("the value is %s, so there", form)
    assert form not in written.getvalue()
    assert "so there" in written.getvalue()


def test_tracebacks_are_cleaned(written: io.StringIO) -> None:
    redaction.register_secret(SECRET)
    try:
        raise ValueError(f"bad header {SECRET} at {SIGNED}")
    except ValueError:
        logging.getLogger("anything").warning("it broke", exc_info=True)
    assert "ValueError: bad header" in written.getvalue()
    assert SECRET not in written.getvalue()
    assert "S1GN4TURE" not in written.getvalue()


def test_signatures_and_authorization_headers_are_hidden_unregistered(
    written: io.StringIO,
) -> None:
    log = logging.getLogger("anything")
    log.warning("GET %s", SIGNED)
    log.warning("{'Authorization': 'Basic a2V5OnNlY3JldA=='} Bearer abcdefgh12345678")
    text = written.getvalue()
    assert "a.png?Policy=" in text
    for part in ("S1GN4TURE", "eyJQ", "a2V5OnNlY3JldA", "abcdefgh12345678"):
        assert part not in text


def test_wrong_arguments_do_not_let_a_secret_by(written: io.StringIO) -> None:
    redaction.register_secret(SECRET)
    record = logging.getLogger("anything").makeRecord(
        "anything", logging.WARNING, "f", 1, "%d wrong", (SECRET,), None
    )
    assert SECRET not in record.getMessage()


async def test_nothing_of_a_real_request_reaches_the_log(written: io.StringIO) -> None:
    async with fault_server(whole(500, {"reason": f"at {SIGNED} with {SECRET}"})) as server:
        client = ScenarioClient(server.url, "key-of-canary", SECRET)
        with pytest.raises(AppError) as caught:
            await client.get_asset("a1")
        await client.aclose()
        logging.getLogger("anything").warning("%s %s", caught.value, caught.value.details)
    text = written.getvalue()
    assert SECRET not in text
    assert "S1GN4TURE" not in caught.value.details
    assert SECRET not in caught.value.details
    assert server.requests[0].headers["authorization"] not in text
