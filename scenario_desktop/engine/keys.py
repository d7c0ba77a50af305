"""The engine's keys and ids, made once per data folder and kept in a file of mode 0600."""

from __future__ import annotations

import json
import secrets
import string
from dataclasses import MISSING, asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path

from scenario_desktop.engine.files import write_file
from scenario_desktop.errors import StoreFailed

#: Within the data folder.
FILE_NAME = "keys.json"

_SECOND = (
    "second_api_key", "second_api_secret", "second_user_id", "second_username", "second_password",
)  # fmt: skip
_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str) -> str:
    """Return an id nobody can guess, of the form the service uses: ``asset_`` and 22 signs."""
    return prefix + "_" + "".join(secrets.choice(_ALPHABET) for _ in range(22))


@dataclass(frozen=True, slots=True)
class Keys:
    """What a client needs to be let in, and who it then is.

    Attributes:
        signing_key: hexadecimal; signs the addresses of files.
        created_at: ISO, when the data folder was first used.
        second_api_key: of a second user of the same project; empty unless there is one, as are all
            others of the second user.
    """

    api_key: str
    api_secret: str
    username: str
    password: str
    signing_key: str
    team_id: str
    project_id: str
    user_id: str
    created_at: str
    second_api_key: str = ""
    second_api_secret: str = ""
    second_user_id: str = ""
    second_username: str = ""
    second_password: str = ""

    @property
    def has_second_user(self) -> bool:
        return bool(self.second_user_id)


def load_or_create(path: Path, *, has_second_user: bool = False) -> Keys:
    """Read the keys of a data folder, or make them at its first use.

    Args:
        has_second_user: also return the second user's keys, which are made when first asked for
            and kept from then on. Without it they open nothing, though the file may hold them.

    Raises:
        StoreFailed: the file is damaged or cannot be read or written. It is never replaced by
            itself: new keys would lock out every client that was given the old ones.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        keys = _create(path)
        return _with_second_user(keys, path) if has_second_user else keys
    except (OSError, UnicodeDecodeError) as error:
        raise StoreFailed(f"The keys in {path} cannot be read.", details=str(error)) from error
    try:
        values = json.loads(text)
        keys = Keys(
            **{
                field.name: values[field.name]
                for field in fields(Keys)
                if field.default is MISSING or field.name in values
            }
        )
        bytes.fromhex(keys.signing_key)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreFailed(
            f"The keys in {path} are damaged.",
            hint="Put the file back from a copy, or remove it to be given new keys.",
            details=str(error),
        ) from error
    path.chmod(0o600)
    if has_second_user:
        return keys if keys.second_password else _with_second_user(keys, path)
    return replace(keys, **dict.fromkeys(_SECOND, ""))


def _create(path: Path) -> Keys:
    keys = Keys(
        api_key=new_id("api"),
        api_secret=secrets.token_urlsafe(32),
        username="local",
        password=secrets.token_urlsafe(32),
        signing_key=secrets.token_hex(32),
        team_id=new_id("team"),
        project_id=new_id("proj"),
        user_id=new_id("user"),
        created_at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    )
    _write(path, keys)
    return keys


def _with_second_user(keys: Keys, path: Path) -> Keys:
    """Add what is missing of the second user: an earlier version made no login for them."""
    made = {
        "second_api_key": new_id("api"),
        "second_api_secret": secrets.token_urlsafe(32),
        "second_user_id": new_id("user"),
        "second_username": "second",
        "second_password": secrets.token_urlsafe(32),
    }
    keys = replace(keys, **{name: getattr(keys, name) or value for name, value in made.items()})
    _write(path, keys)
    return keys


def _write(path: Path, keys: Keys) -> None:
    write_file(path, json.dumps(asdict(keys), indent=2).encode())
