"""A billed request that never left is told apart from one that may have arrived."""

from __future__ import annotations

import asyncio
import socket

import pytest

from scenario_desktop.api.client import ScenarioClient
from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import Modality
from scenario_desktop.errors import Offline, Unreachable

REQUEST = DetectRequest(image="a1", modality=Modality.SKETCH)


async def test_a_refused_connection_sent_nothing() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    client = ScenarioClient(f"http://127.0.0.1:{port}/v1", "key", "secret")
    with pytest.raises(Unreachable):
        await client.detect(REQUEST)
    await client.aclose()


async def test_a_connection_that_breaks_after_the_request_may_have_sent_it() -> None:
    async def take_and_drop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    server = await asyncio.start_server(take_and_drop, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = ScenarioClient(f"http://127.0.0.1:{port}/v1", "key", "secret")
    with pytest.raises(Offline) as caught:
        await client.detect(REQUEST)
    assert not isinstance(caught.value, Unreachable)
    await client.aclose()
    server.close()
    await server.wait_closed()
