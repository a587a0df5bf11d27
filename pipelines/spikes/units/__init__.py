"""Sorted units and the folder that holds them. Light."""
