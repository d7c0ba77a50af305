"""Handing a file over. The one place that knows how, because nothing documents it.

The reference sends callers to ``/uploads/presigned-url`` without describing it. Assumed here:
POST ``{"filename", "content_type"}`` is answered by ``{"upload_url", "url"}``; the bytes are PUT to
the first, and the second is what a later request names, as an address or as a path.
"""

from __future__ import annotations

from typing import Final

from scenario_desktop.api.addresses import file_address
from scenario_desktop.api.models.sartiq.base import SartiqAnswer, SartiqRequest
from scenario_desktop.api.parsing import parse
from scenario_desktop.api.transport import Call, Transport
from scenario_desktop.errors import AppError, BadAnswer, Refused

PATH: Final = "/uploads/presigned-url"
_UPLOAD_S: Final = 300.0
#: How a store answers an address that has ended, or was altered.
_ENDED: Final = (400, 401, 403, 410)


class UploadRequest(SartiqRequest):
    """What is asked for."""

    filename: str
    content_type: str


class UploadTicket(SartiqAnswer):
    """What is answered.

    Attributes:
        upload_url: takes the bytes, once and for a short time.
        url: names the file in later requests.
    """

    upload_url: str
    url: str


def read_ticket(body: bytes) -> UploadTicket:
    """Return the answer, if it is the assumed one.

    Raises:
        BadAnswer: it is another.
    """
    try:
        ticket = parse(UploadTicket, body)
    except BadAnswer as error:
        raise _another_way(error.message) from error
    if not ticket.upload_url or not ticket.url:
        raise _another_way("an address is missing")
    return ticket


async def put_file(
    transport: Transport, base_url: str, ticket: UploadTicket, data: bytes, content_type: str
) -> AppError | None:
    """Send the bytes, without our token. The same bytes may be sent again.

    Returns:
        None when they were taken; else why not, where the address may only have ended: ask for
        another one, nothing was made.

    Raises:
        AppError: as for any request.
    """
    call = Call(
        "PUT", file_address(ticket.upload_url, base_url), content=data,
        headers={"Content-Type": content_type, "Accept": "*/*"}, is_safe=True,
        deadline_s=_UPLOAD_S,
    )  # fmt: skip
    try:
        await transport.send(call)
    except AppError as error:
        if error.status in _ENDED:
            return error
        raise
    return None


def refused_twice(error: AppError) -> Refused:
    """Say that a second address did not help either."""
    refused = Refused(
        "The file was not uploaded: the server refused it at two addresses of its own.",
        hint="Check that it is a picture, and that the clock of this computer is right.",
        details=error.details,
    )
    refused.status = error.status
    return refused


def _another_way(why: str) -> BadAnswer:
    return BadAnswer(
        "This server takes uploads in a way that this program does not know.",
        hint="Use pictures that are on the server already, or ask its makers how to upload.",
        details=f"POST {PATH}: {why}",
    )
