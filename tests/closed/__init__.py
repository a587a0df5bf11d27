"""Processes that tests close, and then let try what must not succeed."""
