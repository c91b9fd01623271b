"""What Tasador is held against: the same pipeline behind other servers, and the original service as it was."""
