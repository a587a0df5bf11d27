"""Many recordings, one after the other."""
