"""Handlers under /api/v1, by noun. They read the request, call a store, and answer."""
