"""A map of the synapses, clusters on it, and how far they can be believed."""
