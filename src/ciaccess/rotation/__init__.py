"""Password rotation of accounts."""
