"""The tools, what they are set to, and the words that are written on the canvas."""
