"""Clusters of voxels."""
