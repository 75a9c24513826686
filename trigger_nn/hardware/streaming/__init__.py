"""io_stream designs as actors that pass packs through FIFOs: depths, latency, initiation interval, deadlocks.

`tokens` says what an actor is, `clock` how long one pass through a loop takes, `rates`, `windows` and `moves` what each
template of hls4ml reads and writes, `build` makes the graph of a Program. `free` schedules it with FIFOs that are never
full, `blocking` with those that there are, `deadlock` explains why nothing moves; `analyse` puts it together, and
`project` writes depths into the HLS project. docs/streaming.md has each rate with its source.
"""
