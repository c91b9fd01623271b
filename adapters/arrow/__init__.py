"""Arrow's tables, wherever they come from: what their cells say, and in parts."""
