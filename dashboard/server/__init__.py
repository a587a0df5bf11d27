"""Who may ask, and for what: security, people, uploads, data roots."""
