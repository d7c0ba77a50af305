"""Handlers, one module per noun: parse, call, serialise."""
