"""Every failure that a user may meet, as one tree.

AppError
├── Offline                no connection to the server, or it broke
│   └── Unreachable        no connection could be made at all: the server got nothing
├── TimedOut               connected, but no whole answer within the deadline
├── Unauthorised           the keys were refused
├── Forbidden              the keys are good, the plan or scope is not
├── NotFound               no such thing in this workspace
├── Conflict               somebody else holds or changed it
├── Refused                the server will not take this request as it is
│   ├── NotOffered         this server has no such operation; do not ask again
│   └── Invalid            the server names the values that it does not take (a BadInput, too)
├── TooMany                too much at once; wait
│   ├── RateLimited        too many requests, or a cooldown
│   ├── ConcurrencyLimit   too many jobs running at once
│   └── QuotaExceeded      plan, credits or search quota used up; waiting does not help
├── ServerFailed           the server reports a fault of its own
├── BadAnswer              the answer is not what the service documents
├── BadInput               a file or value that cannot be used
├── QuoteExpired           the price is too old, used up, or of another request; ask again
├── SpendingRefused        our own spending limit stands in the way
├── StoreFailed            disk full, damaged file, folder not writable
│   └── NewerFile          made by a later version of this program
├── EngineFailed           the local engine does not start or has died
├── CredentialsUnavailable the system keyring does not keep our secrets
└── Cancelled              the user stopped it

One class per thing that a caller would do differently. A message says what happened and what was
kept; a hint says what to do next. Neither ever holds a key, a token or a signed URL, nor text of a
server passed off as ours: that stays in ``details``, shown as plain text on request.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class AppError(Exception):
    """A failure the user is told about.

    Attributes:
        message: one sentence for people; what happened and what was kept.
        hint: one sentence; what to do next. May be empty.
        details: text to copy into a report, such as the server's own reason. May be empty.
        status: the HTTP status that was answered; 0 where the failure is none of a server's.
    """

    status: int = 0

    def __init__(self, message: str, *, hint: str = "", details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details = details


class Offline(AppError):
    """No connection to the server could be made, or it broke."""


class Unreachable(Offline):
    """No connection could be made: not a byte of the request reached the server.

    For a billed request this is the difference between "not sent" and "uncertain".
    """


class TimedOut(AppError):
    """The server took the request but gave no whole answer within the deadline."""


class Unauthorised(AppError):
    """The keys were refused."""


class Forbidden(AppError):
    """The keys are good, but the plan or their scope does not allow this."""


class NotFound(AppError):
    """There is no such thing in this workspace."""


class Conflict(AppError):
    """Somebody else holds it or changed it meanwhile.

    Attributes:
        until: when the hold ends by itself, where the server says so.
    """

    def __init__(
        self, message: str, *, hint: str = "", details: str = "", until: datetime | None = None
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.until = until


class Refused(AppError):
    """The server will not take this request as it is."""


class NotOffered(Refused):
    """This server has no such operation; asking again is of no use."""


class TooMany(AppError):
    """Too much at once.

    Attributes:
        retry_after_s: seconds to wait, where the server says so.
    """

    def __init__(
        self, message: str, *, hint: str = "", details: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.retry_after_s = retry_after_s


class RateLimited(TooMany):
    """Too many requests in a short time, or a cooldown that passes by itself."""


class ConcurrencyLimit(TooMany):
    """The plan's number of parallel jobs is reached; a running one must end first."""


class QuotaExceeded(TooMany):
    """The plan, its credits or its search quota are used up; waiting does not help."""


class ServerFailed(AppError):
    """The server reports a fault of its own (5xx)."""


class BadAnswer(AppError):
    """The answer is not what the service documents: HTML, cut JSON, wrong shape, too large."""


class BadInput(AppError):
    """A file or a value that cannot be used as it is."""


class Invalid(Refused, BadInput):
    """The server names the values that it does not take; nothing was done.

    Attributes:
        fields: name of the field (parts joined by dots) -> the server's reason. That is foreign
            text: show it as plain text only.
    """

    def __init__(
        self, message: str, *, hint: str = "", details: str = "", fields: Mapping[str, str]
    ) -> None:
        super().__init__(message, hint=hint, details=details)
        self.fields = dict(fields)


class QuoteExpired(AppError):
    """The price is too old, was used already or is of another request; nothing was sent."""


class SpendingRefused(AppError):
    """Our own spending limit stands in the way; nothing was sent."""


class StoreFailed(AppError):
    """The disk is full, a folder is not writable, or a file of ours is damaged."""


class NewerFile(StoreFailed):
    """A file of ours was made by a later version of this program and was left untouched."""


class EngineFailed(AppError):
    """The local engine does not start, or it has died."""


class CredentialsUnavailable(AppError):
    """The system keyring does not keep our secrets."""


class Cancelled(AppError):
    """The user stopped it."""
