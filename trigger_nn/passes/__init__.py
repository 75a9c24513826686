"""Passes: Program in, Program or facts out; one a file."""
