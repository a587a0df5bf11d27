"""A workspace as one HTML page: answer, figures, numbers, methods, references. Light."""
