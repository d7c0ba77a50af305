"""What a chart takes from pyqtgraph. Imported when the usage page opens, never at a start.

The package imports all it has, and copies every name of three Qt modules for the sake of older
ones, which makes hundreds of classes: several times what a view with two axes takes. What is not
needed for that is left out here, until somebody asks for it. Where another version of the package
does not stand for that, it is imported as a whole.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import shiboken6
from PySide6 import QtCore, QtGui, QtWidgets

_log = logging.getLogger(__name__)

_PACKAGE: Final = "pyqtgraph"
_QT: Final = f"{_PACKAGE}.Qt"
#: Modules of which the package takes over all names, and those that only they need.
_LEFT_OUT: Final = (
    "imageview", "multiprocess", "parametertree",
    *(f"graphicsItems.{name}" for name in (
        "ArrowItem", "BarGraphItem", "BoxplotItem", "ButtonItem", "ColorBarItem", "CurvePoint",
        "DateAxisItem", "ErrorBarItem", "FillBetweenItem", "GradientEditorItem", "GradientLegend",
        "GraphItem", "GraphicsLayout", "GridItem", "HistogramLUTItem", "ImageItem", "InfiniteLine",
        "IsocurveItem", "LabelItem", "LegendItem", "LinearRegionItem", "PColorMeshItem",
        "PlotCurveItem", "PlotDataItem", "PlotItem", "ROI", "ScaleBar", "ScatterPlotItem",
        "TargetItem", "TextItem", "VTickGroup",
    )),
    *(f"widgets.{name}" for name in (
        "BusyCursor", "CheckTable", "ColorButton", "ColorMapWidget", "ComboBox",
        "DataFilterWidget", "DataTreeWidget", "DiffTreeWidget", "FeedbackButton", "FileDialog",
        "GradientWidget", "GraphicsLayoutWidget", "HistogramLUTWidget", "JoystickButton",
        "LayoutWidget", "PathButton", "PlotWidget", "ProgressDialog", "RawImageWidget",
        "ScatterPlotWidget", "SpinBox", "TableWidget", "TreeWidget", "ValueLabel",
        "VerticalLabel",
    )),
)  # fmt: skip


class _Later(ModuleType):
    """Stands for a module until one of its names is asked for; a star takes none of them."""

    __all__: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def _qt_layer() -> Any:
    """Return what the package sees of Qt: the modules themselves, not copies of all their names."""
    spec = importlib.util.find_spec(_PACKAGE)
    layer: Any = ModuleType(_QT)
    folders = spec.submodule_search_locations if spec is not None else None
    layer.__path__ = [str(Path(folder) / "Qt") for folder in folders or ()]
    layer.QT_LIB, layer.QtVersion = "PySide6", QtCore.qVersion()
    layer.QtCore, layer.QtGui, layer.QtWidgets = QtCore, QtGui, QtWidgets
    layer.isQObjectAlive = shiboken6.isValid
    layer.mkQApp = QtWidgets.QApplication.instance
    layer.exec_ = QtWidgets.QApplication.exec
    return layer


def _read() -> tuple[Any, Any, Any]:
    axes = importlib.import_module(f"{_PACKAGE}.graphicsItems.AxisItem")
    views = importlib.import_module(f"{_PACKAGE}.widgets.GraphicsView")
    boxes = importlib.import_module(f"{_PACKAGE}.graphicsItems.ViewBox")
    return axes.AxisItem, views.GraphicsView, boxes.ViewBox


def _read_alone() -> tuple[Any, Any, Any]:
    stand_ins = [_Later(f"{_PACKAGE}.{name}") for name in _LEFT_OUT]
    sys.modules.update((one.__name__, one) for one in stand_ins)
    sys.modules[_QT] = _qt_layer()
    try:
        compat: Any = importlib.import_module(f"{_QT}.compat")
        compat.voidptr = shiboken6.VoidPtr
        return _read()
    finally:
        for one in stand_ins:  # from here on they are found as ever
            if sys.modules.get(one.__name__) is one:
                del sys.modules[one.__name__]


def _load() -> tuple[Any, Any, Any]:
    if _PACKAGE in sys.modules:
        return _read()
    try:
        return _read_alone()
    except (ImportError, AttributeError) as error:
        _log.info("The chart library is imported as a whole: %s", error)
        for name in [name for name in sys.modules if name.split(".")[0] == _PACKAGE]:
            del sys.modules[name]
        return _read()


AxisItem, GraphicsView, ViewBox = _load()
