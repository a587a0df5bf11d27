"""A map: made from images, kept in its folder, written for other programs. Light."""
