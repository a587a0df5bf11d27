"""From a recording to sorted units: sorters, clusterers, decisions and what they leave."""
