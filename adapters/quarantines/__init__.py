"""Where rows go that cannot be used."""
