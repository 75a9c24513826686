"""Engines: a Program and mantissas in, mantissas out. The reference engine is evident; faster ones must equal it."""
