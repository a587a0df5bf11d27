"""Commands of the registry of models that read or write pickles.

`python -m pipelines models export NAME --out FILE` writes a model as a pickle for other programs,
`models convert [FILE_OR_DIR]` stores what an earlier version kept as one.
"""

import argparse
from importlib import import_module
from pathlib import Path

from pipelines.core.errors import OutputError
from pipelines.core.outputs import atomic_file
from pipelines.core.terminal import say
from pipelines.models import earlier_models, registry
from pipelines.models.pickled import SUFFIXES

WRITER = "pipelines.models.estimators.exported"
"""It needs scikit-learn, which the command line does without."""


def add_export(sub: argparse.ArgumentParser) -> None:
    """Declare the command, but for its `--registry`."""
    sub.add_argument("name", metavar="NAME", help="of a model in the registry, or its folder")
    sub.add_argument("--format", choices=("pickle",), default="pickle", help="what to write")
    sub.add_argument("--out", type=Path, metavar="FILE", required=True, help="what to make")
    sub.add_argument("--overwrite", action="store_true", help="replace FILE")
    sub.set_defaults(action=export)


def export(options: argparse.Namespace) -> None:
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


def add_convert(sub: argparse.ArgumentParser) -> None:
    """Declare the command."""
    sub.add_argument(
        "target",
        metavar="FILE_OR_DIR",
        nargs="?",
        type=Path,
        help="a bundle, a registry or an app's home folder (default: the registry)",
    )
    sub.set_defaults(action=convert)


def convert(options: argparse.Namespace) -> None:
    """Convert, and say what became of each bundle.

    Raises:
        BundleError: there is none, or one cannot be read; it stays as it was.
    """
    for sentence in earlier_models.convert(options.target or registry.default_folder()):
        say(sentence)
