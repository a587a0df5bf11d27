"""Curation by hand: steps, their log, and the units they lead to. Light."""
