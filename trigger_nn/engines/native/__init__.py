"""The native engine: a Program as machine code, made when it is first run, without a compiler on the machine.

    program ──▶ steps/   array operations on integers, with proven bounds; fewer of them; carriers; loops
            ──▶ code/    LLVM's text: rows of events, bodies, sums of products, users' arrays
            ──▶ machine  machine code in memory (the one importer of LLVM), for a `target`
            ──▶ stages   what becomes code, and which operations are left to the reference engine
            ──▶ compiled, engine   arrays in and out, threads over blocks of events

Nothing about an operation's meaning stands here: `steps.trace` replays `program.semantics` over a domain of values that
writes down each step, as the reference engine replays it over integers and the range pass over intervals. So an
operation that has a meaning has machine code, and a mistake in the meaning is looked for where it is said.

A block is as many events as a register has bytes (64 with AVX-512). Every value of a tensor is a row: one register if 8
bits carry it, two if 16, four if 32. Elements are known by number when code is made, so windows, reshaping and padding
are addresses. Bounds say which machine type carries a value exactly; where a wrapping accumulator looks at low bits
alone, 32 or 64 bits carry it modulo their size; totals that saturate or round at every turn are added up in order.

Why LLVM through llvmlite, measured by `python -m tests.benchmarks.emulation.ways` on a tagger 16-64-32-32-5 without its
softmax, one thread, exact each (docs/speed.md says how, with sizes on disk):

    numpy float32, whole batch / blocks of 4,096     2.8 / 5.7 M events/s
    numba, loops over float32 / int32                4.0 / 3.1 M events/s, first score after 1.2 s
    this engine, int64 / narrow scores               34 / 40 M events/s, first score after 0.14 s

numpy moves every intermediate array through memory and has no products of small integers; numba, itself on llvmlite,
says in Python neither dot products of bytes nor saturating packs; g++ is what a user's machine lacks.
"""
