"""Units as files of other programs."""
