"""Stored models: the registry, bundles, and where models come from. Light."""
