"""Extracellular recordings to sorted units."""
