"""The window put together: panels, commands, and the workspace that is open in them."""
