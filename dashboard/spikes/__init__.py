"""The page of spikes: its steps, their results, and the figures beside the views."""
