"""The control maps there are, by name. Without pydantic: the first paint names them, too."""

from __future__ import annotations

from enum import StrEnum


class Modality(StrEnum):
    """Which control map."""

    CANNY = "canny"
    DEPTH = "depth"
    GRAYSCALE = "grayscale"
    LINEART_ANIME = "lineart_anime"
    MLSD = "mlsd"
    NORMAL = "normal"
    POSE = "pose"
    SCRIBBLE = "scribble"
    SEGMENTATION = "segmentation"
    SKETCH = "sketch"


MODALITY_TITLES: dict[str, str] = {
    Modality.CANNY: "Canny",
    Modality.DEPTH: "Depth",
    Modality.GRAYSCALE: "Grayscale",
    Modality.LINEART_ANIME: "Line art",
    Modality.MLSD: "Lines",
    Modality.NORMAL: "Normal",
    Modality.POSE: "Pose",
    Modality.SCRIBBLE: "Scribble",
    Modality.SEGMENTATION: "Segments",
    Modality.SKETCH: "Sketch",
}
