"""What the report of a recording shows, and says of its methods. Light."""
