"""Scans: recipes that differ in a few keys, each a trial in a folder of its own, run in processes of their own.

`keys` sets values in a recipe, `plan` reads a scan and says what is tried, `ledger` keeps the trials in SQLite,
`samples` makes their events, `trial` runs one, `metrics` measures it, `run` does it all, `read` gives the tables.
"""
