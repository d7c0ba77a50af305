"""Bringing files in: how far it is, and what was refused and why."""
