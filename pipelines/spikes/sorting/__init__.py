"""From a recording to units: our own sorter, SpikeInterface's, and a person's decisions."""
