"""From a JSON schema to what a form needs to know of each field. Free of Qt.

The road is one: schema, then ``FieldSpec``, then editor. Our own pydantic models enter it through
``fields_of_model``; inputs that a server describes enter it as a schema of the same words.

Beyond JSON Schema a property may carry: ``initial`` (what a fresh form shows), ``unit``, ``step``,
``below`` (the name of a field that must stay greater), ``display`` (a ``FieldKind``, where the type
alone does not decide), ``titles`` (choice to its words), ``placeholder``, ``group`` and ``order``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel

#: A number without a step gets one that parts its range into about so many.
_STEPS_IN_RANGE = 20


class FieldKind(StrEnum):
    """Which editor a field gets."""

    SWITCH = "switch"
    SLIDER = "slider"
    NUMBER = "number"
    TEXT = "text"
    LONG_TEXT = "long_text"
    CONCEALED = "concealed"
    CHOICE = "choice"
    SEGMENTED = "segmented"
    PICTURED_CHOICES = "pictured_choices"
    PICTURE = "picture"
    PICTURES = "pictures"
    KNOWN_ID = "known_id"
    WORDS = "words"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    title: str


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """All that an editor, and the row around it, needs to know.

    Attributes:
        name: the draft's key.
        aliases: other names under which a validator may report on it.
        minimum: lowest value allowed; for lists the least number of entries. None is no bound.
        maximum: highest value allowed; for lists the most entries.
        step: what one key press or wheel notch changes.
        initial: what a fresh form shows; reset goes back to it.
        max_length: characters.
        below: the name of a field whose value must stay greater than this one's.
        choices: for an open word those that are known.
        of: for an id that nobody lists: what it is an id of, such as "style".
    """

    name: str
    kind: FieldKind
    title: str
    description: str = ""
    aliases: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1.0
    is_integer: bool = False
    unit: str = ""
    initial: Any = None
    choices: tuple[Choice, ...] = ()
    placeholder: str = ""
    max_length: int | None = None
    is_required: bool = False
    below: str | None = None
    group: str = ""
    order: int = 0
    of: str = ""

    @property
    def decimals(self) -> int:
        """How many digits after the point the step needs."""
        if self.is_integer:
            return 0
        digits = f"{self.step:.6f}".rstrip("0").partition(".")[2]
        return max(1, len(digits))

    def accepts(self, value: Any) -> bool:
        """Whether a remembered value is of this field's type; bounds are the validator's affair."""
        match self.kind:
            case FieldKind.SWITCH:
                return isinstance(value, bool)
            case FieldKind.NUMBER if value is None:
                return True
            case FieldKind.SLIDER | FieldKind.NUMBER:
                if isinstance(value, bool) or not isinstance(value, int | float):
                    return False
                return math.isfinite(value) and (not self.is_integer or value == int(value))
            case FieldKind.CHOICE | FieldKind.SEGMENTED:
                return isinstance(value, str) and value in {c.value for c in self.choices}
            case FieldKind.PICTURED_CHOICES:
                known = {c.value for c in self.choices}
                return _is_text_list(value) and known.issuperset(value)
            case FieldKind.PICTURE | FieldKind.PICTURES:
                return _is_text_list(value)
            case FieldKind.JSON:
                return isinstance(value, str | dict)
            case _:
                return isinstance(value, str)


def fields_of_model(
    model: type[BaseModel], *, leave_out: Iterable[str] = ()
) -> tuple[FieldSpec, ...]:
    """Return a spec per field of a pydantic model, in the order of the form."""
    aliases = {
        name: (info.alias,)
        for name, info in model.model_fields.items()
        if info.alias and info.alias != name
    }
    return fields_of_schema(
        model.model_json_schema(by_alias=False), aliases=aliases, leave_out=leave_out
    )


def fields_of_schema(
    schema: Mapping[str, Any],
    *,
    aliases: Mapping[str, tuple[str, ...]] | None = None,
    leave_out: Iterable[str] = (),
) -> tuple[FieldSpec, ...]:
    """Return a spec per property of an object schema, in the order of the form.

    A property of a type that is not known becomes a text field: it stays in sight, and the strict
    check on submit decides.
    """
    required = set(schema.get("required", ()))
    skipped = set(leave_out)
    found = [
        _field(
            name,
            _resolved(raw, schema),
            name in required,
            (aliases or {}).get(name, ()),
        )
        for name, raw in schema.get("properties", {}).items()
        if name not in skipped
    ]
    return tuple(sorted(found, key=lambda spec: spec.order))


def pushed(
    specs: Sequence[FieldSpec], name: str, value_of: Callable[[str], float | None]
) -> dict[str, float]:
    """Return what must change so that pairs of thresholds do not cross after ``name`` was edited.

    The edited value stays; its partner is pushed one step beyond. Only at the end of the
    partner's range does the edited value give way.

    Args:
        value_of: the draft's present number of a field, or None where it holds none.
    """
    by_name = {spec.name: spec for spec in specs}
    for low in specs:
        high = by_name.get(low.below or "")
        if high is None or name not in (low.name, high.name):
            continue
        lower, upper = value_of(low.name), value_of(high.name)
        if lower is None or upper is None or lower < upper:
            continue
        gap = max(low.step, high.step)
        if name == low.name:
            upper = _kept_within(high, lower + gap)
            lower = min(lower, upper - gap)
        else:
            lower = _kept_within(low, upper - gap)
            upper = max(upper, lower + gap)
        return {low.name: _typed(low, lower), high.name: _typed(high, upper)}
    return {}


def _kept_within(spec: FieldSpec, value: float) -> float:
    if spec.maximum is not None:
        value = min(value, spec.maximum)
    if spec.minimum is not None:
        value = max(value, spec.minimum)
    return value


def _typed(spec: FieldSpec, value: float) -> float:
    return int(value) if spec.is_integer else round(value, 6)


def _resolved(raw: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """Return a property with its references followed and its "or null" taken off."""
    result = dict(raw)
    while "$ref" in result:
        target = root
        for part in str(result.pop("$ref")).removeprefix("#/").split("/"):
            target = target[part]
        result = {**target, **result}
    variants = result.pop("anyOf", None)
    if variants:
        real = [part for part in variants if part.get("type") != "null"]
        if real:
            result = {**_resolved(real[0], root), **result}
    if "items" in result:
        result["items"] = _resolved(result["items"], root)
    return result


def _field(
    name: str, schema: Mapping[str, Any], is_required: bool, aliases: tuple[str, ...]
) -> FieldSpec:
    kind = _kind(schema)
    is_integer = schema.get("type") == "integer"
    minimum = _bound(schema, "minimum", "exclusiveMinimum", "minItems")
    maximum = _bound(schema, "maximum", "exclusiveMaximum", "maxItems")
    choices = _choices(schema)
    return FieldSpec(
        name=name,
        kind=kind,
        title=str(schema.get("title") or name.replace("_", " ").capitalize()),
        description=str(schema.get("description") or ""),
        aliases=aliases,
        minimum=minimum,
        maximum=maximum,
        step=_step(schema, is_integer, minimum, maximum),
        is_integer=is_integer,
        unit=str(schema.get("unit") or ""),
        initial=_initial(schema, kind, minimum, choices, is_integer),
        choices=choices,
        placeholder=str(schema.get("placeholder") or ""),
        max_length=schema.get("maxLength"),
        is_required=is_required,
        below=schema.get("below"),
        group=str(schema.get("group") or ""),
        order=int(schema.get("order") or 0),
        of=str(schema.get("of") or ""),
    )


def _kind(schema: Mapping[str, Any]) -> FieldKind:
    display = schema.get("display")
    if display in set(FieldKind):
        return FieldKind(display)
    if "enum" in schema:
        return FieldKind.CHOICE
    match schema.get("type"):
        case "boolean":
            return FieldKind.SWITCH
        case "integer" | "number":
            has_range = (
                _bound(schema, "minimum", "exclusiveMinimum") is not None
                and _bound(schema, "maximum", "exclusiveMaximum") is not None
            )
            # A slider always has a value; one that may be left out needs a field that can be empty.
            may_be_empty = "initial" not in schema and schema.get("default", 0) is None
            return FieldKind.SLIDER if has_range and not may_be_empty else FieldKind.NUMBER
        case "array" if "enum" in schema.get("items", {}):
            return FieldKind.PICTURED_CHOICES
        case _:
            return FieldKind.TEXT


def _bound(schema: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        value = schema.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
    return None


def _step(
    schema: Mapping[str, Any], is_integer: bool, minimum: float | None, maximum: float | None
) -> float:
    given = schema.get("step") or schema.get("multipleOf")
    if isinstance(given, int | float):
        return float(given)
    if is_integer:
        return 1.0
    if minimum is None or maximum is None or maximum <= minimum:
        return 0.1
    # The nearest of 1, 2 or 5 times a power of ten, so that the steps read well.
    raw = (maximum - minimum) / _STEPS_IN_RANGE
    power = 10.0 ** math.floor(math.log10(raw))
    return round(min((1, 2, 5, 10), key=lambda n: abs(n * power - raw)) * power, 6)


def _choices(schema: Mapping[str, Any]) -> tuple[Choice, ...]:
    values = schema.get("enum") or schema.get("items", {}).get("enum") or schema.get("known") or ()
    titles = schema.get("titles") or {}
    return tuple(
        Choice(str(value), str(titles.get(value) or str(value).replace("_", " ").capitalize()))
        for value in values
    )


def _initial(
    schema: Mapping[str, Any],
    kind: FieldKind,
    minimum: float | None,
    choices: tuple[Choice, ...],
    is_integer: bool,
) -> Any:
    value = schema.get("initial", schema.get("default"))
    match kind:
        case _ if value is not None:
            return list(value) if isinstance(value, tuple) else value
        case FieldKind.SWITCH:
            return False
        case FieldKind.SLIDER:
            return int(minimum or 0) if is_integer else float(minimum or 0)
        case FieldKind.NUMBER:
            return None
        case FieldKind.CHOICE | FieldKind.SEGMENTED:
            return choices[0].value if choices else None
        case FieldKind.PICTURED_CHOICES | FieldKind.PICTURE | FieldKind.PICTURES:
            return []
        case _:
            return ""


def _is_text_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)
