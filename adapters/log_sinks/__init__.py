"""Where the lines of the logs go."""
