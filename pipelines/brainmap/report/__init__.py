"""What the report of a film shows, and says of its methods. Light."""
