"""The composition root: settings, their loading, the container, the logs."""
