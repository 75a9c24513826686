"""Studies: questions asked of programs and events, answered by frozen tables."""
