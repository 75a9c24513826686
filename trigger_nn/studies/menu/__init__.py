"""Rates and efficiencies of a compiled network, its place in a menu, and whether its score is fine enough."""
