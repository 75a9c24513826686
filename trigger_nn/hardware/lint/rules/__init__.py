"""One rule a module: `check` yields a finding for everything in a design that breaks it."""
