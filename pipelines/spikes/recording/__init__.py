"""From a file or folder to a recording that can be sorted."""
