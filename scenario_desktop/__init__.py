"""Scenario Desktop: browse, tag, detect and refine generated assets.

Layers, lowest first: ``errors``, ``paths`` and ``items`` know nothing of ours; ``imaging`` works on
pixels; ``api`` speaks HTTP; ``store`` keeps files; ``services`` hold what a user can do; ``ui``
shows it; ``engine`` is a server of its own, reached by URL only; ``app`` puts the parts together.
"""

__version__ = "0.1.0"
