"""The tabs of a recording's workspace."""
