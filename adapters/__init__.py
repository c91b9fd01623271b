"""What the ports look like in the world: one folder a port, one file a technology."""
