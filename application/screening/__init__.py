"""What makes a sale implausible: the rules behind `application.screen_sales`, one idea a file."""
