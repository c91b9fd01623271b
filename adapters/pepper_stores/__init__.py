"""Where the hashing secret is kept."""
