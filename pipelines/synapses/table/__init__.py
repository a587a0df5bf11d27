"""A table: its columns, what was checked and repaired, and its features. Light."""
