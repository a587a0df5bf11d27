"""What is measured of units: their waveforms, and metrics that need more than one unit's spikes."""
