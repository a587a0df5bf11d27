"""Classifiers that learn clusters, their honest scores, and predictions."""
