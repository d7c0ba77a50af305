"""What crosses HTTP: models and thin clients. Knows neither Qt nor SQLite; imports only errors."""
