"""Draws the layers of a document. All of it works on QImages, so it may run in any thread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QTransform,
)

from scenario_desktop import paths
from scenario_desktop.canvas.format import (
    Blend,
    Document,
    GroupLayer,
    Layer,
    Mask,
    PaintLayer,
    PictureLayer,
    ShapeForm,
    ShapeLayer,
    TextLayer,
    Transform,
)
from scenario_desktop.ui.panels.canvas.pixels.surface import FIRST_MIP, PaintSurface, smaller
from scenario_desktop.ui.panels.canvas.pixels.tiling import empty

_Mode = QPainter.CompositionMode
MODES = {
    Blend.NORMAL: _Mode.CompositionMode_SourceOver,
    Blend.MULTIPLY: _Mode.CompositionMode_Multiply,
    Blend.SCREEN: _Mode.CompositionMode_Screen,
    Blend.OVERLAY: _Mode.CompositionMode_Overlay,
    Blend.DARKEN: _Mode.CompositionMode_Darken,
    Blend.LIGHTEN: _Mode.CompositionMode_Lighten,
    Blend.COLOR_DODGE: _Mode.CompositionMode_ColorDodge,
    Blend.COLOR_BURN: _Mode.CompositionMode_ColorBurn,
    Blend.HARD_LIGHT: _Mode.CompositionMode_HardLight,
    Blend.SOFT_LIGHT: _Mode.CompositionMode_SoftLight,
    Blend.DIFFERENCE: _Mode.CompositionMode_Difference,
    Blend.EXCLUSION: _Mode.CompositionMode_Exclusion,
}
_TEXT_FONTS = ("Regular", "Medium", "SemiBold")


class PictureSource:
    """A decoded picture, and smaller copies of it for when it is shown small."""

    def __init__(self, image: QImage) -> None:
        self.image = image
        self._mips: dict[int, QImage] = {}

    def at(self, level: int) -> QImage:
        if level < FIRST_MIP:
            return self.image
        if level not in self._mips:
            first = self._mips.get(FIRST_MIP)
            self._mips[level] = (
                smaller(self.image, level) if first is None else smaller(first, level - FIRST_MIP)
            )
        return self._mips[level]


@dataclass(slots=True)
class Pixels:
    """All pixels of a canvas.

    Attributes:
        surfaces: those of paint layers and of masks, by the layer's or the mask's id.
        pictures: decoded ones, by the asset's id or the blob's key.
        missing: asset ids whose pixels cannot be had; their layers keep their place.
    """

    surfaces: dict[str, PaintSurface] = field(default_factory=dict)
    pictures: dict[str, PictureSource] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def surface(self, layer_id: str) -> PaintSurface:
        found = self.surfaces.get(layer_id)
        if found is None:
            found = self.surfaces[layer_id] = PaintSurface()
        return found

    def picture(self, layer: PictureLayer) -> PictureSource | None:
        return self.pictures.get(layer.asset_id or layer.blob)

    def images(self) -> list[QImage]:
        """Return all pictures and tiles."""
        tiles = [image for surface in self.surfaces.values() for _, image in surface.tiles()]
        return [source.image for source in self.pictures.values()] + tiles

    def frozen(self) -> Pixels:
        """Return a copy for another thread; pixels are shared until somebody paints."""
        surfaces = {key: surface.copy() for key, surface in self.surfaces.items()}
        pictures = {k: PictureSource(QImage(p.image)) for k, p in self.pictures.items()}
        return Pixels(surfaces, pictures, set(self.missing))


@dataclass(frozen=True, slots=True)
class Node:
    """A layer to draw, or a group that is drawn on its own first."""

    layer: Layer
    inner: tuple[Node, ...] = ()

    @property
    def mode(self) -> QPainter.CompositionMode:
        return MODES[self.layer.blend]

    def holds(self, layer_id: str) -> bool:
        return self.layer.id == layer_id or any(node.holds(layer_id) for node in self.inner)


@dataclass(frozen=True, slots=True)
class Overlay:
    """A stroke that is not on its layer, or its mask, yet; ``layer_id`` is that one's id."""

    layer_id: str
    surface: PaintSurface
    opacity: float
    is_eraser: bool


def nodes_of(document: Document, parent: str = "") -> tuple[Node, ...]:
    """Return what is drawn, the lowest first. Groups that change nothing are dissolved."""
    return tuple(_nodes(document, parent))


def _nodes(document: Document, parent: str) -> Iterator[Node]:
    for layer in document.layers:
        if layer.parent != parent or not layer.is_visible or layer.opacity <= 0:
            continue
        if not isinstance(layer, GroupLayer):
            yield Node(layer)
        elif layer.blend is Blend.NORMAL and layer.opacity >= 1 and mask_of(layer) is None:
            yield from _nodes(document, layer.id)
        else:
            yield Node(layer, nodes_of(document, layer.id))


def mask_of(layer: Layer) -> Mask | None:
    """Return the mask that a layer is seen through now."""
    return layer.mask if layer.mask is not None and layer.mask.is_enabled else None


def matrix(transform: Transform) -> QTransform:
    """Return a layer's transform: from its own pixels to those of the canvas."""
    return (
        QTransform()
        .translate(transform.x, transform.y)
        .rotate(transform.angle)
        .scale(transform.scale_x, transform.scale_y)
    )


def box_of(layer: Layer, pixels: Pixels) -> QRectF:
    """Return what a layer covers, in its own pixels; empty for groups and empty paint."""
    if isinstance(layer, PictureLayer):
        return QRectF(0, 0, layer.width, layer.height)
    if isinstance(layer, PaintLayer):
        surface = pixels.surfaces.get(layer.id)
        box = QRectF(surface.bounds()) if surface else QRectF()
        return box.united(missing_box(layer, pixels))
    if isinstance(layer, ShapeLayer):
        edge = layer.stroke_width / 2 if layer.stroke else 0.0
        return QRectF(0, 0, layer.width, layer.height).adjusted(-edge, -edge, edge, edge)
    if isinstance(layer, TextLayer):
        return text_box(layer)
    return QRectF()


def missing_box(layer: PaintLayer, pixels: Pixels) -> QRectF:
    """Return where pixels of a layer lie that cannot be had, in its own; empty without any."""
    box = QRectF()
    for tile in layer.tiles if pixels.missing else ():
        if (tile.asset_id or tile.blob) in pixels.missing:
            box = box.united(QRectF(tile.x, tile.y, tile.width, tile.height))
    return box


def bounds_of(layer: Layer, pixels: Pixels) -> QRectF:
    """Return what a layer covers on the canvas."""
    box = box_of(layer, pixels)
    return matrix(layer.transform).mapRect(box) if not box.isEmpty() else QRectF()


def draw_nodes(
    painter: QPainter,
    nodes: tuple[Node, ...],
    pixels: Pixels,
    area: QRect,
    level: int,
    overlay: Overlay | None = None,
) -> None:
    """Draw nodes over what is there.

    Args:
        painter: on a picture at 1/2^level of the canvas, clipped to ``area``, without a transform.
        area: in that picture's pixels.
    """
    for node in nodes:
        layer = node.layer
        is_wet = overlay is not None and overlay.layer_id == layer.id
        if is_wet or isinstance(layer, GroupLayer) or mask_of(layer) is not None:
            _draw_apart(painter, node, pixels, area, level, overlay)
        else:
            _draw_leaf(painter, layer, pixels, area, level)


def _draw_apart(
    painter: QPainter,
    node: Node,
    pixels: Pixels,
    area: QRect,
    level: int,
    overlay: Overlay | None,
) -> None:
    """Draw a group, or a layer with its mask or a stroke, on its own first."""
    layer = node.layer
    if isinstance(layer, GroupLayer) and not node.inner:
        return
    image = empty(area.width(), area.height())
    inner = QPainter(image)
    inner.translate(-area.topLeft())
    inner.setClipRect(area)
    if isinstance(layer, GroupLayer):
        draw_nodes(inner, node.inner, pixels, area, level, overlay)
    else:
        plain = layer.model_copy(update={"opacity": 1.0, "blend": Blend.NORMAL})
        _draw_leaf(inner, plain, pixels, area, level)
    if overlay is not None and overlay.layer_id == layer.id:
        inner.setOpacity(overlay.opacity)
        if overlay.is_eraser:
            inner.setCompositionMode(_Mode.CompositionMode_DestinationOut)
        _draw_surface(inner, overlay.surface, layer, area, level)
    inner.end()
    mask = mask_of(layer)
    if mask is not None:
        apply_mask(image, mask_image(layer, mask, pixels, area, level, overlay))
    _lay(painter, image, area, layer)


def mask_image(
    layer: Layer,
    mask: Mask,
    pixels: Pixels,
    area: QRect,
    level: int = 0,
    overlay: Overlay | None = None,
) -> QImage:
    """Return a part of a mask in shades of grey: 255 where the layer is seen.

    Args:
        area: of the canvas at 1/2^level of its size.
    """
    image = empty(area.width(), area.height())
    image.fill(Qt.GlobalColor.white if mask.shows_rest else Qt.GlobalColor.black)
    painter = QPainter(image)
    painter.translate(-area.topLeft())
    painter.setClipRect(area)
    surface = pixels.surfaces.get(mask.id)
    if surface is not None:
        _draw_surface(painter, surface, layer, area, level)
    if overlay is not None and overlay.layer_id == mask.id:
        painter.setOpacity(overlay.opacity)
        if overlay.is_eraser:
            painter.setCompositionMode(_Mode.CompositionMode_DestinationOut)
        _draw_surface(painter, overlay.surface, layer, area, level)
    painter.end()
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


def apply_mask(image: QImage, shades: QImage) -> None:
    """Leave of a picture what a mask of the same size shows."""
    shades.reinterpretAsFormat(QImage.Format.Format_Alpha8)
    painter = QPainter(image)
    painter.setCompositionMode(_Mode.CompositionMode_DestinationIn)
    painter.drawImage(0, 0, shades)
    painter.end()


def _lay(painter: QPainter, image: QImage, area: QRect, layer: Layer) -> None:
    painter.save()
    painter.setOpacity(layer.opacity)
    painter.setCompositionMode(MODES[layer.blend])
    painter.drawImage(area.topLeft(), image)
    painter.restore()


def _draw_leaf(painter: QPainter, layer: Layer, pixels: Pixels, area: QRect, level: int) -> None:
    if isinstance(layer, PaintLayer):
        surface = pixels.surfaces.get(layer.id)
        if surface is not None:
            painter.save()
            painter.setOpacity(layer.opacity)
            painter.setCompositionMode(MODES[layer.blend])
            _draw_surface(painter, surface, layer, area, level)
            painter.restore()
        missing = missing_box(layer, pixels)
        if not missing.isEmpty():
            painter.save()
            painter.setOpacity(layer.opacity)
            painter.setTransform(matrix(layer.transform) * _scaled(level), True)
            _draw_missing(painter, missing, is_broken=True)
            painter.restore()
        return
    bounds = _scaled(level).mapRect(bounds_of(layer, pixels))
    if not bounds.adjusted(-2, -2, 2, 2).intersects(QRectF(area)):
        return
    if isinstance(layer, ShapeLayer) and layer.fill and layer.stroke and layer.opacity < 1:
        # Fill and stroke are one thing: where they overlap nothing must shine through.
        image = empty(area.width(), area.height())
        inner = QPainter(image)
        inner.translate(-area.topLeft())
        inner.setClipRect(area)
        solid = layer.model_copy(update={"opacity": 1.0, "blend": Blend.NORMAL})
        _draw_leaf(inner, solid, pixels, area, level)
        inner.end()
        _lay(painter, image, area, layer)
        return
    painter.save()
    painter.setOpacity(layer.opacity)
    painter.setCompositionMode(MODES[layer.blend])
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    painter.setTransform(matrix(layer.transform) * _scaled(level), True)
    if isinstance(layer, PictureLayer):
        _draw_picture(painter, layer, pixels, level)
    elif isinstance(layer, ShapeLayer):
        draw_shape(painter, layer)
    elif isinstance(layer, TextLayer):
        painter.fillPath(text_path(layer), QColor.fromString(qt_color(layer.color)))
    painter.restore()


def _draw_surface(
    painter: QPainter, surface: PaintSurface, layer: Layer, area: QRect, level: int
) -> None:
    to_image = matrix(layer.transform) * _scaled(level)
    back, is_possible = to_image.inverted()
    if not is_possible:
        return
    painter.save()
    if level or to_image.type() != QTransform.TransformationType.TxTranslate:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setTransform(to_image, True)
    surface.draw(painter, back.mapRect(QRectF(area)).adjusted(-1, -1, 1, 1), level)
    painter.restore()


def _draw_picture(painter: QPainter, layer: PictureLayer, pixels: Pixels, level: int) -> None:
    box = QRectF(0, 0, layer.width, layer.height)
    source = pixels.picture(layer)
    if source is None:
        _draw_missing(painter, box, is_broken=layer.asset_id in pixels.missing)
        return
    scale = min(abs(layer.transform.scale_x), abs(layer.transform.scale_y))
    scale *= source.image.width() and layer.width / source.image.width()
    shrunk = level
    while scale <= 0.5 and shrunk < 8:
        scale, shrunk = scale * 2, shrunk + 1
    painter.drawImage(box, source.at(shrunk))


def _draw_missing(painter: QPainter, box: QRectF, *, is_broken: bool) -> None:
    """Keep a layer's place while its pixels are on their way, or for good."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillRect(box, QColor(128, 128, 128, 60))
    if is_broken:
        pen = QPen(QColor(200, 60, 60, 200), max(2.0, box.width() / 200))
        painter.setPen(pen)
        painter.drawRect(box)
        painter.drawLine(box.topLeft(), box.bottomRight())
        painter.drawLine(box.topRight(), box.bottomLeft())


def draw_shape(painter: QPainter, layer: ShapeLayer) -> None:
    """Draw a shape in its own pixels."""
    fill, stroke = (
        QColor.fromString(qt_color(layer.fill)),
        QColor.fromString(qt_color(layer.stroke)),
    )
    pen = QPen(stroke, layer.stroke_width)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    has_stroke = bool(layer.stroke) and layer.stroke_width > 0
    painter.setPen(pen if has_stroke else Qt.PenStyle.NoPen)
    painter.setBrush(fill if layer.fill else Qt.BrushStyle.NoBrush)
    box = QRectF(0, 0, layer.width, layer.height)
    if layer.form is ShapeForm.LINE:
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        ends = (
            (box.bottomLeft(), box.topRight())
            if layer.is_rising
            else (
                box.topLeft(),
                box.bottomRight(),
            )
        )
        painter.drawLine(*ends)
    elif layer.form is ShapeForm.ELLIPSE:
        painter.drawEllipse(box)
    elif layer.radius > 0:
        painter.drawRoundedRect(box, layer.radius, layer.radius)
    else:
        painter.drawRect(box)


def qt_color(color: str) -> str:
    """Return "#rrggbbaa" as Qt's "#aarrggbb"; other colours as they are."""
    return f"#{color[7:9]}{color[1:7]}" if len(color) == 9 else color


def css_color(color: QColor) -> str:
    """Return a colour as the format writes it."""
    text = color.name(QColor.NameFormat.HexRgb)
    return text if color.alpha() == 255 else f"{text}{color.alpha():02x}"


@lru_cache(maxsize=1)
def load_fonts() -> None:
    """Load the plain grades of Inter: the window itself wears others in the dark."""
    for name in _TEXT_FONTS:
        QFontDatabase.addApplicationFont(str(paths.resource("fonts", f"Inter-{name}.ttf")))


def text_font(layer: TextLayer) -> QFont:
    load_fonts()
    font = QFont(layer.family, -1, layer.weight, layer.is_italic)
    font.setPixelSize(max(1, round(layer.size)))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.PreferOutline)
    return font


@lru_cache(maxsize=64)
def text_path(layer: TextLayer) -> QPainterPath:
    """Return the outlines of a text layer; its upper left corner is the origin."""
    font = text_font(layer)
    metrics = QFontMetricsF(font)
    lines = layer.text.split("\n")
    widths = [metrics.horizontalAdvance(line) for line in lines]
    widest = max(widths, default=0.0)
    share = {"left": 0.0, "center": 0.5, "right": 1.0}[layer.align]
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for number, (line, width) in enumerate(zip(lines, widths, strict=True)):
        x = (widest - width) * share
        y = metrics.ascent() + number * metrics.lineSpacing() * layer.line_spacing
        path.addText(QPointF(x, y), font, line)
    return path


@lru_cache(maxsize=64)
def text_box(layer: TextLayer) -> QRectF:
    """Return the box of a text layer: as wide as its longest line, as high as its lines."""
    metrics = QFontMetricsF(text_font(layer))
    lines = layer.text.split("\n")
    width = max((metrics.horizontalAdvance(line) for line in lines), default=0.0)
    step = metrics.lineSpacing() * layer.line_spacing
    return QRectF(0, 0, max(1.0, width), metrics.height() + (len(lines) - 1) * step)


def render(document: Document, pixels: Pixels, rect: QRect, scale: float = 1.0) -> QImage:
    """Return the flattened canvas, or a part of it.

    Args:
        rect: pixels of the canvas.
        scale: of the result.
    """
    level = 0
    while scale * 2 ** (level + 1) <= 1.0 and level < 6:
        level += 1
    area = _scaled(level).mapRect(QRectF(rect)).toAlignedRect()
    image = empty(max(1, area.width()), max(1, area.height()))
    painter = QPainter(image)
    painter.translate(-area.topLeft())
    painter.setClipRect(area)
    if document.background:
        painter.fillRect(area, QColor.fromString(qt_color(document.background)))
    draw_nodes(painter, nodes_of(document), pixels, area, level)
    painter.end()
    wanted = (max(1, round(rect.width() * scale)), max(1, round(rect.height() * scale)))
    if (image.width(), image.height()) == wanted:
        return image
    return image.scaled(
        *wanted, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def render_layer(layer: Layer, document: Document, pixels: Pixels, side: int) -> QImage:
    """Return a layer alone in a square of the canvas' shape, for a list; transparent around it."""
    image = empty(side, side)
    bounds = bounds_of(layer, pixels)
    if isinstance(layer, GroupLayer):
        bounds = QRectF(0, 0, document.width, document.height)
    if bounds.isEmpty():
        return image
    fill = isinstance(layer, PictureLayer)
    scale = (max if fill else min)(side / bounds.width(), side / bounds.height())
    scale = min(scale, 4.0)
    plain = layer.model_copy(update={"opacity": 1.0, "blend": Blend.NORMAL, "is_visible": True})
    level = 0
    while scale * 2 ** (level + 1) <= 1.0 and level < 6:
        level += 1
    painter = QPainter(image)
    rest = scale * 2**level
    center = bounds.center()
    painter.translate(side / 2, side / 2)
    painter.scale(rest, rest)
    painter.translate(-center.x() / 2**level, -center.y() / 2**level)
    area = _scaled(level).mapRect(bounds).toAlignedRect().adjusted(-1, -1, 1, 1)
    nodes: tuple[Node, ...] = (Node(plain),)
    if isinstance(layer, GroupLayer):
        nodes = nodes_of(document, layer.id)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    draw_nodes(painter, nodes, pixels, area, level)
    painter.end()
    return image


def render_mask(layer: Layer, mask: Mask, document: Document, pixels: Pixels, side: int) -> QImage:
    """Return a mask in a square, as it lies on what its layer covers."""
    bounds = bounds_of(layer, pixels)
    if bounds.isEmpty():
        bounds = QRectF(0, 0, document.width, document.height)
    scale = min(1.0, side / max(bounds.width(), bounds.height()))
    level = 0
    while scale * 2 ** (level + 1) <= 1.0 and level < 6:
        level += 1
    area = _scaled(level).mapRect(bounds).toAlignedRect()
    shades = mask_image(layer, mask, pixels, area, level)
    return shades.scaled(
        side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def _scaled(level: int) -> QTransform:
    return QTransform.fromScale(1 / 2**level, 1 / 2**level)


def rgba(data: bytes | memoryview, width: int, height: int) -> QImage:
    """Return raw RGBA pixels, as workers hand them over, in the format that is painted with."""
    image = QImage(data, width, height, width * 4, QImage.Format.Format_RGBA8888)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
