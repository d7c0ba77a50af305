"""The top bar: workspace, search, how things stand, undo, and the way to everything."""
