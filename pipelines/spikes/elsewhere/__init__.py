"""Sortings that other programs made, each kind with its reader, taken over as ours."""
