"""Who does pieces of work."""
