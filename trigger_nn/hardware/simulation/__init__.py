"""RTL -> what it computes, cycle by cycle: simulated with Verilator and held against the emulator, bit for bit."""
