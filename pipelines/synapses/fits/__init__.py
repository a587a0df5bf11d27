"""A finished fit: its folder, and what is told of its clusters. Light."""
