"""Training: events and a recipe in, a quantized network out."""
