"""A first look at images."""
