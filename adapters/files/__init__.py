"""Tables in files, wherever they lie: what sources of sales and of portfolios share."""
