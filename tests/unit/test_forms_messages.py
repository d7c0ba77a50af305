"""What a form says about refused values."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.ui.forms.messages import ErrorTexts, error_texts
from scenario_desktop.ui.forms.spec import fields_of_model


class Model(BaseModel):
    size: int = Field(8, ge=1, le=8, json_schema_extra={"unit": "px"})
    name: str = Field("a", min_length=1, max_length=4)
    many: list[str] = Field(default_factory=lambda: ["a"], min_length=1)


def texts(model: type[BaseModel], draft: dict[str, Any]) -> ErrorTexts:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(draft)
    return error_texts(caught.value, fields_of_model(model))


@pytest.mark.parametrize(
    ("draft", "name", "sentence"),
    [
        ({"size": 12}, "size", "12\u00a0px is above the highest value, 8\u00a0px."),
        ({"size": 0}, "size", "0\u00a0px is below the lowest value, 1\u00a0px."),
        ({"size": "x"}, "size", "Enter a whole number."),
        ({"size": 1.5}, "size", "Enter a whole number."),
        ({"name": ""}, "name", "This is needed."),
        ({"name": "abcde"}, "name", "5 characters are too many; at most 4."),
        ({"many": []}, "many", "Choose at least one."),
    ],
    ids=str,
)
def test_the_numbers_stand_in_the_sentence(draft: dict[str, Any], name: str, sentence: str) -> None:
    assert texts(Model, draft).fields == {name: sentence}


def test_a_finding_under_the_wire_name_reaches_its_field() -> None:
    found = texts(DetectRequest, {"image": "a", "modality": "canny", "lowThreshold": 300})
    assert found.fields == {"low_threshold": "300 is above the highest value, 255."}


def test_a_finding_about_the_whole_is_told_apart() -> None:
    draft = {"image": "a", "modality": "canny", "low_threshold": 9, "high_threshold": 3}
    found = texts(DetectRequest, draft)
    assert found.general == ("The lower threshold must be below the upper one.",)
