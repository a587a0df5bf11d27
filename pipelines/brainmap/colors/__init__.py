"""A colour for each cluster, and measures as colours. Light."""
