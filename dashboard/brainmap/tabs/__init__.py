"""The desk of a film: what each tab of its workspace shows."""
