"""Files of acquisition systems, each with its reader."""
