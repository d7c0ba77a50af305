"""What the user can do with the second service."""
