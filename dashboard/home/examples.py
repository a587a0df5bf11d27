"""Example data with known truth, simulated on this machine when first asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from filelock import FileLock

from dashboard.server.settings import Settings
from pipelines.core.outputs import atomic_folder
from pipelines.core.progress import Report, silent

SEED = 0


@dataclass(frozen=True)
class Example:
    """One example input: who makes it and where it lies below its group's folder."""

    group: str
    maker: str
    file: str
    label: str


EXAMPLES: Mapping[str, Example] = {
    "spikes": Example(
        "spikes", "pipelines.spikes.demo", "recording", "Example: simulated tetrode recording"
    ),
    "brainmap": Example(
        "brainmap", "pipelines.brainmap.demo", "images", "Example: simulated calcium imaging"
    ),
    "synapses": Example(
        "synapses", "pipelines.synapses.simulate", "synapses.xlsx", "Example: simulated synapses"
    ),
    "new-synapses": Example(
        "synapses",
        "pipelines.synapses.simulate",
        "new_synapses.xlsx",
        "Example: simulated new synapses",
    ),
}


def example_path(name: str, settings: Settings) -> Path:
    """Where an example's input lies, made or not."""
    example = EXAMPLES[name]
    return settings.examples / example.group / example.file


def ensure_example(reference: str, settings: Settings, report: Report = silent) -> None:
    """Make the example that a reference `example:NAME` names, if it is not there yet."""
    kind, _, name = reference.partition(":")
    if kind != "example" or example_path(name, settings).exists():
        return
    report(0.0, "Simulating the example data")
    example = EXAMPLES[name]
    maker = import_module(example.maker)
    settings.examples.mkdir(parents=True, exist_ok=True)
    # Another job may be making them, and a third reading what that one made.
    with FileLock(settings.examples / ".lock"):
        if not example_path(name, settings).exists():
            with atomic_folder(settings.examples / example.group, overwrite=True) as folder:
                maker.make(folder, SEED)
