"""Clusters of synapses from a spreadsheet, and the clusters of new synapses."""
