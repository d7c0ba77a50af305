"""The usage page: what was spent, on what, and which pictures came of it."""
