"""How it is computed: loops over rows of events, in LLVM's text.

`rows` are registers of events and what can be done to them, `arithmetic` what each node does to rows, `memory` where
rows and constants lie. A loop (`nest`) has a `body`, and in it sums of products: `sums` chooses how they are added up,
`packing` prepares what they read, `inner`, `panels` (tile registers) and `folding` (totals cast at every turn) are
their innermost loops. `ports` reads users' arrays and writes them. `assemble` puts it all together.
"""
