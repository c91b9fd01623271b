"""Sales tables: what their cells mean, and which of their rows can be used."""
