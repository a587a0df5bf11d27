"""A recording is opened: read, looked at, checked, with its channels and probe."""
