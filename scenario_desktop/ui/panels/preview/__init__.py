"""The large preview over the page."""
