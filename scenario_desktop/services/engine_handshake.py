"""Makes sure that it is our own engine that answers at an address, before any key is sent there.

Both sides prove that they know the secret and neither sends it; the port is part of the proof, so
that nobody on another port can pass the question on.
"""

from __future__ import annotations

import hmac
import json
import secrets
from urllib.parse import urlsplit

from scenario_desktop.api.transport import Call, Transport
from scenario_desktop.errors import AppError, EngineFailed
from scenario_desktop.services.engine_process import EngineAddress

_NONCE_BYTES = 24
_DEADLINE_S = 10.0
_ANSWER_BYTES = 4096


async def prove_identity(address: EngineAddress, *, transport: Transport | None = None) -> None:
    """Ask the engine at an address for its proof.

    Args:
        transport: for tests; it is left open.

    Raises:
        EngineFailed: somebody else answers there, or nobody.
    """
    nonce = secrets.token_hex(_NONCE_BYTES)
    port = urlsplit(address.scenario_url).port
    sender = transport or Transport()
    try:
        answer = await sender.send(
            Call(
                "GET",
                f"{address.scenario_url}/handshake",
                query={"nonce": nonce},
                headers={"Authorization": f"Handshake {_proof(address, 'client', port, nonce)}"},
                is_safe=True,
                deadline_s=_DEADLINE_S,
                max_bytes=_ANSWER_BYTES,
            )
        )
    except AppError as error:
        raise _foreign(error.details) from error
    finally:
        if transport is None:
            await sender.aclose()
    if not hmac.compare_digest(_said(answer.body), _proof(address, "engine", port, nonce)):
        raise _foreign("The proof does not hold.")


def _proof(address: EngineAddress, side: str, port: int | None, nonce: str) -> str:
    text = f"{side}:{port}:{nonce}"
    return hmac.digest(address.api_secret.encode(), text.encode(), "sha256").hex()


def _said(body: bytes) -> str:
    try:
        value = json.loads(body)
    except ValueError:
        return ""
    proof = value.get("proof") if isinstance(value, dict) else None
    return proof if isinstance(proof, str) and proof.isascii() else ""


def _foreign(details: str) -> EngineFailed:
    return EngineFailed(
        "The local engine did not prove who it is, so nothing was sent to it.",
        hint="Another program may have taken its place. Start this program again.",
        details=details,
    )
