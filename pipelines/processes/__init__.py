"""Processes that read what is not trusted: started, bounded, watched and closed. Light."""
