"""The local engine: a server of its own that speaks both services' HTTP.

It is reached by URL and never imported by services, store or ui.
"""
