"""Settings: appearance, storage, spending, workspaces, about. Changes apply at once."""
