"""Plots: result tables in, figures and the page out; nothing is computed here."""
