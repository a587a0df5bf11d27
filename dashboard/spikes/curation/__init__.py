"""The page on which units are curated by hand."""
