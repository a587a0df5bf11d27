"""Images over time: their axes, frames and what is known of them. Light."""
