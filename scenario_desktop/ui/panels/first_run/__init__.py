"""What an empty library shows: where pictures come from."""
