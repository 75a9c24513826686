"""Samples on disk: one file or a folder of shards; reading them whole, in blocks, or mixed as a stream."""
