"""How the level of prices is told from the changing mix of homes: the steps behind `application.fit_market_index`."""
