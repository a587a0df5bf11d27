"""Clusters of synapses: the folder of a fit, and what describes them."""
