"""Editing a canvas under its lock: the lease, the drafts on disk, saving. No Qt, no pixels."""
