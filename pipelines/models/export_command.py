"""`python -m pipelines models export NAME --out FILE`: a model as a pickle for other programs."""

import argparse
from importlib import import_module
from pathlib import Path

from pipelines.core.errors import OutputError
from pipelines.core.outputs import atomic_file
from pipelines.core.terminal import say
from pipelines.models import registry
from pipelines.models.pickled import SUFFIXES

WRITER = "pipelines.models.estimators.exported"
"""It needs scikit-learn, which the command line does without."""


def add(sub: argparse.ArgumentParser) -> None:
    """Declare the command, but for its `--registry`."""
    sub.add_argument("name", metavar="NAME", help="of a model in the registry, or its folder")
    sub.add_argument("--format", choices=("pickle",), default="pickle", help="what to write")
    sub.add_argument("--out", type=Path, metavar="FILE", required=True, help="what to make")
    sub.add_argument("--overwrite", action="store_true", help="replace FILE")
    sub.set_defaults(action=run)


def run(options: argparse.Namespace) -> None:
    """Write the file and say what to keep in mind.

    Raises:
        BundleError: there is no such model, or it is not as it was added.
        OutputError: the file cannot be written there.
    """
    if options.out.suffix.lower() not in SUFFIXES:
        raise OutputError(f"{options.out}: let the name end with {' or '.join(SUFFIXES)}.")
    folder = Path(options.name)
    if not folder.is_dir():
        entry = registry.find(options.registry, options.name)
        entry.card()
        folder = entry.folder
    with atomic_file(options.out, overwrite=options.overwrite) as file:
        import_module(WRITER).write(folder, file)
    say(f"{options.out}: open it with joblib.load; what is in it stands under 'use' and 'card'.")
    say(
        "A pickle can run anything when it is opened: pass it on with its sha256, and open only "
        "those whose origin you know."
    )
