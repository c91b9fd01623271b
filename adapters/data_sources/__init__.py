"""Where sales come from."""
