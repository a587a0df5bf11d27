"""What the report of a table shows, and says of its methods. Light."""
