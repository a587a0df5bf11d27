"""Arrays to plotly figures, one module per page."""
