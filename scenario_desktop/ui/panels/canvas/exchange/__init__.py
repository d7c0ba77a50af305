"""Pictures and layers onto the canvas and off it."""
