"""The signal of a recording: what is none, filtered, drawn, and cut around spikes."""
