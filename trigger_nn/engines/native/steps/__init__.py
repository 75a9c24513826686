"""What is to be computed: a program as array operations on integers.

`trace` replays the program's meaning and writes down `nodes`; `simplify` and `saturate` make fewer of them; `carriers`
finds the machine type of each; `plan` makes loops of them.
"""
