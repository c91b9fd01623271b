"""What the use cases need of the world: one port a file, implemented in adapters/ and, for tests, in tests/fakes/."""
