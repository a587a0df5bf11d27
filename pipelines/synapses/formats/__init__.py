"""Files of tables: read in a process of their own, to cells. Light."""
