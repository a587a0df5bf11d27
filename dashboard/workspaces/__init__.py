"""Workspaces: one recording, film or table with all jobs made of it."""
