"""What values the parts of a portfolio."""
