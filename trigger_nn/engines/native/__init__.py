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

Why LLVM through llvmlite: `docs/speed.md` has the figures, which `python -m tests.benchmarks.emulation.ways` measures.
numpy moves every intermediate array through memory and has no small-integer products; numba compiles plain loops well,
but knows neither dot products of bytes nor which sums fit in 16 bits, takes seconds to compile, and would come with all
of itself where llvmlite, its own foundation, is one wheel without dependencies; g++ is what a user's machine lacks.
"""
