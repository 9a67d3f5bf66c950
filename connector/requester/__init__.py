"""Our part when asking: errands of practitioners over other services' records."""
