"""`python -m pipelines models convert [FILE_OR_DIR]`: stored models of what were pickles."""

import argparse
from pathlib import Path

from pipelines.core.terminal import say
from pipelines.models import earlier_models, registry


def add(sub: argparse.ArgumentParser) -> None:
    """Declare the command."""
    sub.add_argument(
        "target",
        metavar="FILE_OR_DIR",
        nargs="?",
        type=Path,
        help="a bundle, a registry or an app's home folder (default: the registry)",
    )
    sub.set_defaults(action=run)


def run(options: argparse.Namespace) -> None:
    """Convert, and say what became of each bundle.

    Raises:
        BundleError: there is none, or one cannot be read; it stays as it was.
    """
    for sentence in earlier_models.convert(options.target or registry.default_folder()):
        say(sentence)
