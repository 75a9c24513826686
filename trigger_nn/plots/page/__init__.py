"""One self-contained HTML page a study, and the same content as JSON."""
