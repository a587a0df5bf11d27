"""Labels of units: those who give them, and tables of them. Light."""
