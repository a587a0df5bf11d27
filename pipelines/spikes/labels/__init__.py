"""Labels of units: the labellers, what they write and what a table of metrics holds for them."""
