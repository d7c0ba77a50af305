"""What differs from one kind of run to another on its page, as a table. Free of Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from scenario_desktop.api.models.sartiq.base import Group
from scenario_desktop.services.sartiq.pictures import slots_of
from scenario_desktop.services.sartiq.run_kinds import MODELS, TITLES, Op
from scenario_desktop.ui.forms.spec import FieldKind, FieldSpec, fields_of_model

#: What the parts of a form are called, in words that fit most of them.
HEADINGS: Final[Mapping[str, str]] = {
    Group.SUBJECT: "Subject",
    Group.PRODUCT: "Product",
    Group.SECOND_PRODUCT: "Second product",
    Group.STYLE: "Style",
    Group.SCENE: "Scene",
    Group.SIZE: "Size and steps",
    Group.ADVANCED: "Advanced",
}
#: Parts that start closed.
FOLDED: Final = frozenset({
    Group.SUBJECT, Group.PRODUCT, Group.SECOND_PRODUCT, Group.STYLE, Group.ADVANCED,
})  # fmt: skip
#: A form with more fields than this gets a search.
SEARCH_ABOVE: Final = 20
#: Pictures that are worked on at once, a run for each.
MOST_PICTURES: Final = 50

#: Titles that say too little where they stand alone.
_LONGER: Final[Mapping[Op, str]] = {Op.AGENTIC: "Agentic run"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of run.

    Attributes:
        command: the id of the command that opens it.
        verb: what its button says, without how many.
        promise: what it does, in a sentence.
        model_for: what a learned model would be needed for; empty where none is.
        main: the slot that holds pictures to be worked on one by one; empty for none.
        verb_many: what its button says for several of them; "{}" stands for how many.
        headings: what its parts are called, where that differs.
    """

    op: Op
    command: str
    icon: str
    verb: str
    promise: str
    model_for: str = ""
    main: str = ""
    verb_many: str = ""
    headings: Mapping[str, str] = field(default_factory=dict)
    words: str = ""

    @property
    def title(self) -> str:
        return _LONGER.get(self.op, TITLES[self.op])

    def heading(self, group: str) -> str:
        return self.headings.get(group, HEADINGS.get(group, ""))


KINDS: Final[Mapping[Op, Kind]] = {
    kind.op: kind
    for kind in (
        Kind(
            Op.GENERATE, "runs.create", "sparkles", "Create",
            "New pictures from a subject, a product, a style and a scene.",
            "Making pictures from words", words="new generate text prompt picture image",
        ),
        Kind(
            Op.AGENTIC, "runs.agentic", "refresh-cw", "Start run",
            "Attempts are judged, and made again until one is good enough.",
            "An agentic run", words="attempts judge confidence new generate",
        ),
        Kind(
            Op.EDIT, "runs.edit", "pencil", "Edit",
            "A picture is changed as the prompt says, or a garment placed on it.",
            "Editing by words", "base_img_path", "Edit {} pictures",
            {Group.SCENE: "What changes", Group.SIZE: "Size and number"},
            "change garment swap inpaint",
        ),
        Kind(
            Op.VIDEO, "runs.video", "video", "Make video",
            "A video that begins with a picture.",
            "Making a video", "base_image_path", "Make {} videos",
            {Group.SCENE: "What happens", Group.SIZE: "Size and number"},
            "film movie animate motion",
        ),
        Kind(
            Op.BACKGROUND, "runs.background", "palette", "Fix background",
            "The background gets the colour of another picture’s; the subject stays.",
            main="base_img_path", verb_many="Fix {} backgrounds",
            headings={Group.SCENE: "New background", Group.SIZE: "Number"},
            words="colour recolour studio palette",
        ),
        Kind(
            Op.ADJUST, "runs.adjust", "crop", "Adjust",
            "A picture gets another size or shape: cut, padded or scaled.",
            main="base_img_path", verb_many="Adjust {} pictures",
            headings={Group.SIZE: "Size", Group.SCENE: "How"},
            words="resize crop pad scale size shape format aspect",
        ),
        Kind(
            Op.FACES, "runs.faces", "user", "Fix faces",
            "Faces in a picture are found and repaired.",
            main="base_img_path", verb_many="Fix faces in {} pictures",
            words="face portrait repair enhance",
        ),
        Kind(
            Op.TASK, "runs.task", "code", "Start task",
            "An app of FAL runs with what it is given.",
            "An experimental task", headings={Group.SCENE: "", Group.PICTURE: "Picture"},
            words="fal app json payload experiment",
        ),
    )
}  # fmt: skip
BY_COMMAND: Final[Mapping[str, Kind]] = {kind.command: kind for kind in KINDS.values()}


#: Fields that change nothing where the work is done on this computer, without a model.
UNUSED_HERE: Final[Mapping[Op, frozenset[str]]] = {
    Op.BACKGROUND: frozenset({"background_preset_id", "framing"}),
    Op.FACES: frozenset({"subject_id", "generative_models_id"}),
}


@cache
def slots(op: Op) -> Mapping[str, bool]:
    """Return the fields that take pictures, and whether they take several in one request."""
    return slots_of(MODELS[op])


@cache
def specs(op: Op) -> tuple[FieldSpec, ...]:
    """Return the fields of a kind's form."""
    main = KINDS[op].main
    return tuple(
        replace(spec, kind=FieldKind.PICTURES, title="Pictures") if spec.name == main else spec
        for spec in fields_of_model(MODELS[op])
    )


def headings(op: Op) -> dict[str, str]:
    """Return the parts of a kind's form that have a heading."""
    kind = KINDS[op]
    found = {spec.group: kind.heading(spec.group) for spec in specs(op)}
    return {group: title for group, title in found.items() if title}


#: Common sizes in pixels, and shapes as width by height.
SIZES: Final = (
    ("Square", 1080, 1080),
    ("Portrait 4:5", 1080, 1350),
    ("Story 9:16", 1080, 1920),
    ("Landscape 1.91:1", 1200, 628),
    ("Shop picture", 2000, 2000),
    ("Full HD", 1920, 1080),
    ("4K", 3840, 2160),
)
SHAPES: Final = (("1:1", 1, 1), ("4:5", 4, 5), ("3:4", 3, 4), ("2:3", 2, 3), ("9:16", 9, 16),
                 ("3:2", 3, 2), ("16:9", 16, 9))  # fmt: skip
