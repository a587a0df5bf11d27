"""The pages of spikes, each with its figures beside it."""
