"""The native kernel of valuations: C sources, and how Python calls what they were built into."""
