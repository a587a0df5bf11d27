"""Voxels to clusters, and the evidence for how many."""
