"""What the detect form holds and what follows from it: drafts, requests, prices in words.

Free of Qt. The view shows what is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from pydantic import ValidationError

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.api.models.modalities import MODALITY_TITLES, Modality
from scenario_desktop.items import Item, Source
from scenario_desktop.services.words import counted, units
from scenario_desktop.ui.forms.messages import error_texts
from scenario_desktop.ui.forms.spec import FieldSpec, fields_of_model, fields_of_schema

PICTURES_FIELD = "pictures"
MODALITIES_FIELD = "modalities"
#: Control maps that only a learned model can make.
NEEDS_MODEL = frozenset({Modality.DEPTH, Modality.POSE})

PARAMETER_SPECS = fields_of_model(DetectRequest, leave_out=("image", "modality"))
CHOICE_SPECS = fields_of_schema(
    {
        "properties": {
            PICTURES_FIELD: {
                "type": "array",
                "items": {"type": "string"},
                "title": "Pictures",
                "display": "pictures",
                "minItems": 1,
            },
            MODALITIES_FIELD: {
                "type": "array",
                "items": {"enum": [m.value for m in Modality]},
                "titles": {m.value: MODALITY_TITLES[m] for m in Modality},
                "title": "Control map",
                "placeholder": "Ctrl-click picks several",
                "initial": [Modality.CANNY.value],
                "minItems": 1,
            },
        }
    }
)


def is_own(spec: FieldSpec, modality: Modality) -> bool:
    """Whether a parameter belongs to a control map."""
    return modality in DetectRequest.BELONGS_TO.get(spec.name, frozenset())


@dataclass(frozen=True)
class DetectDraft:
    """The control maps chosen and each one's own parameters. May be wrong until it is sent.

    Attributes:
        modalities: the chosen ones, in the order of the list.
        current: the one that is previewed and whose parameters are shown.
        parameters: control map to its values; a map never touched has none and shows its initial.
    """

    modalities: tuple[Modality, ...] = (Modality.CANNY,)
    current: Modality = Modality.CANNY
    parameters: Mapping[Modality, Mapping[str, Any]] = field(default_factory=dict)

    def values(self, modality: Modality) -> dict[str, Any]:
        """Return the values that the form shows for one control map."""
        return {**DetectRequest.initial(modality), **self.parameters.get(modality, {})}

    def with_values(self, values: Mapping[str, Any]) -> DetectDraft:
        """Return a draft with new values for the current control map."""
        own = {
            spec.name: values[spec.name]
            for spec in PARAMETER_SPECS
            if spec.name in values and is_own(spec, self.current)
        }
        return replace(self, parameters={**self.parameters, self.current: own})

    def with_modalities(
        self, chosen: Iterable[Modality | str], current: Modality | str | None
    ) -> DetectDraft:
        """Return a draft with other control maps. One of the chosen ones is always current."""
        wanted = set(chosen)
        ordered = tuple(m for m in Modality if m.value in wanted)
        if current in ordered:
            new = Modality(current)
        elif self.current in ordered or not ordered:
            new = self.current
        else:
            new = ordered[-1]
        return replace(self, modalities=ordered, current=new)

    def request(self, asset_id: str, modality: Modality) -> DetectRequest:
        """Return the request for one picture and one control map.

        Raises:
            ValidationError: a value is wrong.
        """
        return DetectRequest.model_validate(
            {"image": asset_id, "modality": modality, **self.values(modality)}
        )

    def requests(self, asset_ids: Sequence[str]) -> list[DetectRequest]:
        """Return one request per picture and control map, maps of one picture together."""
        return [self.request(i, modality) for i in asset_ids for modality in self.modalities]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, to be remembered."""
        return {
            "modalities": [m.value for m in self.modalities],
            "current": self.current.value,
            "parameters": {m.value: dict(v) for m, v in self.parameters.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DetectDraft:
        """Read a remembered draft; what is not known or of another type is left out."""
        known = {m.value for m in Modality}
        raw_list = data.get("modalities")
        chosen = [v for v in raw_list if v in known] if isinstance(raw_list, list) else []
        raw_parameters = data.get("parameters")
        parameters: dict[Modality, dict[str, Any]] = {}
        if isinstance(raw_parameters, Mapping):
            for name, values in raw_parameters.items():
                if name in known and isinstance(values, Mapping):
                    parameters[Modality(name)] = {
                        spec.name: values[spec.name]
                        for spec in PARAMETER_SPECS
                        if is_own(spec, Modality(name)) and spec.accepts(values.get(spec.name))
                    }
        draft = cls(parameters=parameters)
        return draft.with_modalities(chosen, data.get("current")) if chosen else draft

    @classmethod
    def of_request(cls, data: Mapping[str, Any]) -> DetectDraft:
        """Return the draft that a sent request came from, to send it again or change it."""
        word = data.get("modality")
        if word not in {m.value for m in Modality}:
            return cls()
        modality = Modality(word)
        names = {alias: spec.name for spec in PARAMETER_SPECS for alias in (*spec.aliases,)}
        values = {names.get(key, key): value for key, value in data.items()}
        return cls.from_dict(
            {"modalities": [modality], "current": modality, "parameters": {modality: values}}
        )


def field_errors(draft: DetectDraft) -> dict[Modality, dict[str, str]]:
    """Return what is wrong per chosen control map: field name to sentence ("" is the whole)."""
    found: dict[Modality, dict[str, str]] = {}
    for modality in draft.modalities:
        try:
            draft.request("draft", modality)
        except ValidationError as error:
            texts = error_texts(error, PARAMETER_SPECS)
            found[modality] = dict(texts.fields)
            if texts.general:
                found[modality][""] = " ".join(texts.general)
    return found


def reasons(items: Sequence[Item], draft: DetectDraft, *, adding: int = 0) -> list[str]:
    """Return every reason why the form cannot be sent, each a sentence of its own."""
    found: list[str] = []
    if adding:
        found.append(f"{counted(adding, 'picture is', 'pictures are')} still being added.")
    elif not items:
        found.append("Choose a picture.")
    found += [
        f"“{item.name}” is not a picture. Take it out."
        for item in items
        if item.kind not in ("", "image")
    ]
    found += [
        f"“{item.name}” lies in Sartiq. Download it and add the file instead."
        for item in items
        if item.source is Source.SARTIQ
    ]
    if not draft.modalities:
        found.append("Choose a control map.")
    for modality, errors in field_errors(draft).items():
        titles = {spec.name: f", {spec.title.lower()}" for spec in PARAMETER_SPECS}
        found += [
            f"{MODALITY_TITLES[modality]}{titles.get(name, '')}: {text}"
            for name, text in errors.items()
        ]
    return found


@dataclass(frozen=True, slots=True)
class PriceLine:
    """One line above the button: what, and what it costs. ``exact`` is for the tooltip."""

    text: str
    amount: str
    exact: str = ""


def price_lines(
    draft: DetectDraft, count: int, each: Mapping[Modality, Decimal | None] | None
) -> list[PriceLine]:
    """Return what is paid for. Control maps of one price share a line.

    Args:
        count: how many pictures.
        each: control map to the price of one job; None while it is not known.
    """
    if not count or not draft.modalities:
        return []
    pictures = counted(count, "picture")
    if each is None:
        return [PriceLine(f"{pictures} × {_maps(draft.modalities)}", "")]
    by_price: dict[Decimal | None, list[Modality]] = {}
    for modality in draft.modalities:
        by_price.setdefault(each.get(modality), []).append(modality)
    return [
        PriceLine(
            f"{pictures} × {_maps(group)}",
            _amount(count * len(group), price),
        )
        for price, group in by_price.items()
    ]


def _amount(jobs: int, each: Decimal | None) -> str:
    if each is None or jobs == 1:
        return units(each)
    return f"{jobs:,} × {units(each)}"


def _maps(modalities: Sequence[Modality]) -> str:
    if len(modalities) > 2:
        return f"{len(modalities)} control maps"
    return " and ".join(MODALITY_TITLES[m] for m in modalities)


class Price(Enum):
    """What is known of the price of the form as it stands."""

    NONE = "none"
    ASKING = "asking"
    KNOWN = "known"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Note:
    """What to know about a control map before it is made. ``kind`` is "info" or "warning"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Footer:
    """All that stands around the button.

    Attributes:
        price: whether the total can be relied on.
        total: Creative Units; None while it is not known, or where the service gives none.
        after: what is left of the month's units after this; None where it is not known.
        jobs: how many will be started.
        reasons: why it cannot be sent, each a sentence.
        error: what went wrong with the last attempt.
        is_refused: the user's own spending limit stands in the way.
    """

    lines: tuple[PriceLine, ...] = ()
    price: Price = Price.NONE
    total: Decimal | None = None
    after: Decimal | None = None
    jobs: int = 0
    reasons: tuple[str, ...] = ()
    error: str = ""
    is_sending: bool = False
    is_refused: bool = False


def draft_note(draft: DetectDraft, previewable: frozenset[Modality], *, is_local: bool) -> Note:
    """Say what to know about the draft; that a chosen map will fail here goes before all else."""
    hopeless = [m for m in draft.modalities if m not in previewable] if is_local else []
    if not hopeless or draft.current in hopeless:
        return note_for(draft.current, previewable, is_local=is_local)
    titles = " and ".join(MODALITY_TITLES[m] for m in hopeless)
    is_one = len(hopeless) == 1
    needs = "needs a learned model" if is_one else "need learned models"
    fails, them = ("its job", "it") if is_one else ("their jobs", "them")
    return Note(
        "warning",
        f"{titles} {needs}, and this computer has none: {fails} will fail here. "
        f"A connected Scenario account can run {them}.",
    )


def note_for(modality: Modality, previewable: frozenset[Modality], *, is_local: bool) -> Note:
    """Say where a control map is made, what its preview is, and whether it will fail here."""
    title = MODALITY_TITLES[modality]
    if modality in previewable:
        place = "this computer" if is_local else "Scenario"
        return Note(
            "info",
            f"The preview is computed here and is free. The job runs on {place} at full size.",
        )
    if is_local:
        return Note(
            "warning",
            f"{title} needs a learned model, and this computer has none: the job will fail here. "
            "A connected Scenario account can run it.",
        )
    return Note("info", f"{title} is made by a model on Scenario. There is no preview of it here.")
