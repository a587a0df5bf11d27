"""Classifiers of units: trained, read and applied."""
