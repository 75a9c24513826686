"""Keras model in, Program out, through hls4ml's graph."""
