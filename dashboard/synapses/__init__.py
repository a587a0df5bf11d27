"""The pages of synapses, each with its figures beside it."""
