"""The sheet of all keyboard shortcuts."""
