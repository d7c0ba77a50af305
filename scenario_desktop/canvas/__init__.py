"""The canvas document: what we write into canvases, and how it is edited. No Qt, HTTP or files."""
