"""What all stands on: errors, parameters, progress, and results that are written whole. Light."""
