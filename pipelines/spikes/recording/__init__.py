"""What is known of a recording: its time, its channels, its samples as a page draws them. Light."""
