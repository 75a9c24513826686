"""Layer families: each a function that adds one to three layers of its kind to a sketch."""
