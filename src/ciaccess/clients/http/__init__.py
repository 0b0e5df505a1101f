"""HTTP sessions of every client: one host, bounded in time and size."""
