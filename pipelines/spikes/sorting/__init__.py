"""From a recording to units: our own sorter, SpikeInterface's, and many recordings at once."""
