"""Proof that both sides know the secret, without either sending it.

A client that was told a port cannot know that its own engine still listens there. It asks::

    GET /v1/handshake?nonce=<random>
    Authorization: Handshake <hex of HMAC-SHA256(api_secret, "client:<port>:<nonce>")>

and trusts whoever answers ``{"proof": <hex of HMAC-SHA256(api_secret, "engine:<port>:<nonce>")>}``.
The port is part of both, so that an impostor on another port cannot pass the question on.
"""

from __future__ import annotations

import hmac

SCHEME = "handshake"
PATH = "/v1/handshake"
#: Characters of a nonce: enough to be unique, few enough to be cheap.
NONCE_LENGTHS = range(16, 129)


def client_proof(secret: str, port: int, nonce: str) -> str:
    return _proof(secret, f"client:{port}:{nonce}")


def engine_proof(secret: str, port: int, nonce: str) -> str:
    return _proof(secret, f"engine:{port}:{nonce}")


def is_client(secret: str, port: int, nonce: str, proof: str) -> bool:
    """Whether a client's proof holds; compared in constant time."""
    expected = client_proof(secret, port, nonce)
    return len(nonce) in NONCE_LENGTHS and hmac.compare_digest(proof.encode(), expected.encode())


def _proof(secret: str, text: str) -> str:
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()
