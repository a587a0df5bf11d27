"""Long work outside the web process: a queue in SQLite and warm worker processes."""
