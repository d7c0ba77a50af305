"""Connecting accounts: key, secret, project, and a test that says what it proved."""
