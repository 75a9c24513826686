"""Many recipes instead of one: which bit widths, sizes, granularities and detector effects buy how much efficiency."""
