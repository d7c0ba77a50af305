"""What crosses HTTP to and from the second service. Source: its API reference, 0.1.0."""
