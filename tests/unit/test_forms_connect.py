"""What is asked when an account is connected."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from scenario_desktop.ui.forms.messages import error_texts
from scenario_desktop.ui.forms.spec import FieldKind
from scenario_desktop.ui.panels.workspaces.state import (
    ConnectDraft,
    address_problem,
    connect_specs,
)

FINE = {"key": "k", "secret": "s"}


def errors(**draft: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as caught:
        ConnectDraft.model_validate({**FINE, **draft})
    return error_texts(caught.value, connect_specs(is_edit=False)).fields


def test_key_and_secret_are_enough() -> None:
    draft = ConnectDraft.model_validate(FINE)
    assert draft.base_url == "https://api.cloud.scenario.com/v1"


def test_a_pasted_key_loses_the_line_break_around_it() -> None:
    assert ConnectDraft(key=" k\n", secret="s").key == "k"


def test_secrets_do_not_show_in_a_repr() -> None:
    draft = ConnectDraft(key="k3y", secret="s3cret", team_key="t3am", team_secret="t3amsecret")
    assert not any(word in repr(draft) for word in ("k3y", "s3cret", "t3am"))


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        ({"key": "  "}, "key"),
        ({"secret": ""}, "secret"),
        ({"team_key": "t"}, "team_secret"),
        ({"team_secret": "t"}, "team_secret"),
        ({"base_url": "api.example.com"}, "base_url"),
    ],
    ids=str,
)
def test_errors_stand_under_their_fields(draft: dict[str, Any], name: str) -> None:
    assert list(errors(**draft)) == [name]


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://api.cloud.scenario.com/v1", True),
        ("http://127.0.0.1:4000/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:4000", True),
        ("http://api.example.com/v1", False),
        ("https://user:pass@api.example.com", False),
        ("https://api.example.com/?a=1", False),
        ("ftp://api.example.com", False),
        ("https://", False),
        ("https://a:b", False),
        ("", False),
    ],
)
def test_keys_only_go_where_nobody_listens(url: str, is_fine: bool) -> None:
    assert (address_problem(url) == "") is is_fine


def test_an_edit_says_that_secrets_are_kept() -> None:
    specs = {spec.name: spec for spec in connect_specs(is_edit=True)}
    assert specs["secret"].placeholder.startswith("Kept")
    assert specs["secret"].kind is FieldKind.CONCEALED
    assert specs["project_id"].kind is FieldKind.CHOICE
