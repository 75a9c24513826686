"""The native engine against the reference engine, number by number."""
