"""Reusable widgets, drawn from the design tokens. They know no service."""
