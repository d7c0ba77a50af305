"""Control maps by classical methods; each docstring names its method and source."""
