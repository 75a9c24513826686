"""Whether every implementation of a network decides alike, in the terms of a trigger: flips, Hz, efficiency."""
