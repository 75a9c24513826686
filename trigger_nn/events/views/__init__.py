"""Views: what a network sees of an event, each defined once, integer in and integer out."""
