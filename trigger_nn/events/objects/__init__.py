"""Objects made from towers and candidates, in hardware units."""
