"""What a form says about values that a validator refused. Free of Qt.

The numbers stand in the sentence, so that nobody has to look them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from scenario_desktop.ui.forms.spec import FieldSpec


@dataclass(frozen=True, slots=True)
class ErrorTexts:
    """A validator's findings in words.

    Attributes:
        fields: field name to the sentence that stands under it.
        general: sentences about the whole, or about fields that are not shown.
    """

    fields: dict[str, str] = field(default_factory=dict)
    general: tuple[str, ...] = ()


def error_texts(error: ValidationError, specs: Sequence[FieldSpec]) -> ErrorTexts:
    """Sort a validation error's findings by field. The first of several per field is kept."""
    by_name = {alias: spec for spec in specs for alias in (spec.name, *spec.aliases)}
    fields: dict[str, str] = {}
    general: list[str] = []
    for detail in error.errors(include_url=False, include_input=True):
        spec = by_name.get(str(detail["loc"][0])) if detail["loc"] else None
        text = _sentence(
            detail["type"], detail.get("ctx", {}), detail.get("input"), detail["msg"], spec
        )
        if spec is not None:
            fields.setdefault(spec.name, text)
        elif detail["loc"]:
            general.append(f"{detail['loc'][0]}: {text}")
        else:
            general.append(text)
    return ErrorTexts(fields, tuple(general))


def _sentence(
    kind: str, context: dict[str, Any], value: Any, message: str, spec: FieldSpec | None
) -> str:
    unit = f"\u00a0{spec.unit}" if spec and spec.unit else ""
    match kind:
        case "missing":
            return "This is needed."
        case "greater_than_equal":
            return f"{_number(value)}{unit} is below the lowest value, {context['ge']:g}{unit}."
        case "greater_than":
            return f"This must be above {context['gt']:g}{unit}."
        case "less_than_equal":
            return f"{_number(value)}{unit} is above the highest value, {context['le']:g}{unit}."
        case "less_than":
            return f"This must be below {context['lt']:g}{unit}."
        case "multiple_of":
            return f"{_number(value)} is not a multiple of {context['multiple_of']:g}."
        case "int_parsing" | "int_type" | "int_from_float":
            return "Enter a whole number."
        case "float_parsing" | "float_type" | "finite_number":
            return "Enter a number."
        case "string_too_short":
            least = context["min_length"]
            return "This is needed." if least == 1 else f"At least {least} characters."
        case "string_too_long":
            return f"{len(str(value))} characters are too many; at most {context['max_length']}."
        case "too_short":
            return "Choose at least one." if context["min_length"] == 1 else f"{message}."
        case "too_long":
            return f"{context['actual_length']} are too many; at most {context['max_length']}."
        case "enum" | "literal_error":
            return f"“{value}” is not one of the choices."
        case "dict_type":
            return "This is not an object yet."
        case "value_error":
            return message.removeprefix("Value error, ")
        case _:
            return message if message.endswith(".") else f"{message}."


def _number(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return str(value)
