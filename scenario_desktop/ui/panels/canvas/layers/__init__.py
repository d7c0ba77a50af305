"""The layers: their list, what is done to them, their masks."""
