"""Where key events are written down."""
