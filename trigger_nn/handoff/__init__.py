"""What a firmware engineer receives: the bundle, its verification, and the store of releases.

A `design` (builder, network, decision) and `facts` about it become files: `hls` and `builders` the C++ to synthesise,
`rtl` the same block unrolled where asked for, `vectors` what goes in and must come out, `bench` and `scripts` what
checks and builds, `interface` and `documents` what is read, `emulator` C++ for simulation software. `make` puts them
together with a `manifest` into a `bundle`; `verify` makes again what can be made again; `store` keeps releases.
"""
