"""The units of a sorting on the desk of its recording."""
