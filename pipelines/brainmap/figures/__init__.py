"""Figures that a user asked for as files. Light."""
