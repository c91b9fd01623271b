"""What Tasador does: one use case a file. Imports the domain and its ports; pandas and numpy as table types."""
