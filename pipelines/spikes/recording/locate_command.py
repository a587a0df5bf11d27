"""`python -m pipelines spikes locate DIR RECORDING`: where a recording lies now."""

import argparse
from pathlib import Path

from pipelines.core.terminal import say


def add(sub: argparse.ArgumentParser) -> None:
    """Declare the command."""
    sub.add_argument("folder", type=Path, metavar="DIR", help="of a sorting or of curated units")
    sub.add_argument("recording", type=Path, metavar="RECORDING", help="where it lies now")
    sub.set_defaults(action=run)


def run(options: argparse.Namespace) -> None:
    """Keep the place in the folder and say by what the recording was recognised.

    Raises:
        NeuroboardError: it is another recording; nothing was written.
    """
    from pipelines.spikes.reading.locate import (
        locate,  # reads recordings, which takes time to import
    )

    sentence = locate(options.folder, options.recording)
    if not options.quiet:
        say(sentence)
