"""Where the canvas is shown and worked on."""
