"""Curating by hand: the page, its parts, and the log that a person works at."""
