"""Sorted units: their folder, their trains and their metrics."""
