"""Units measured in the signal: waveforms, metrics, SpikeInterface's analyzer, the report."""
