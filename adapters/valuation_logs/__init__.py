"""Where valuations are put on record."""
