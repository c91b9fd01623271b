"""Files that are written whole, wherever they lie: on this machine, behind URLs, down a stream."""
