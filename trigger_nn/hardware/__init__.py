"""Towards the FPGA: parts, estimates, hls4ml's C++ emulation."""
