"""A finished map."""
