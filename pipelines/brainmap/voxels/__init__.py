"""One series per voxel: made, stored, normalised, filtered. Light."""
