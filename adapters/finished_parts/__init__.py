"""What an unfinished run has done already."""
