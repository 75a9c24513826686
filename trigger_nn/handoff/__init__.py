"""What a firmware engineer receives: bundle, vectors, bench, manifest."""
