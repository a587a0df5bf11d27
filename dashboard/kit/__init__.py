"""What every page is built of: shell, forms, panels, the frame of figures."""
