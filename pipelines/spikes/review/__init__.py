"""What a person should look at first, and the units as curated."""
