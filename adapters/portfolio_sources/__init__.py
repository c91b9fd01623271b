"""Where homes to be valued come from."""
