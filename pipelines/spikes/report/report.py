"""The step `spikes report`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.core.progress import Report
from pipelines.report.parameters import ReportParameters
from pipelines.report.report import ReportSubject, write
from pipelines.report.withheld import PROPOSALS
from pipelines.spikes.report.figures import sections
from pipelines.spikes.report.methods import SENTENCES

SUBJECT = ReportSubject(
    SENTENCES,
    sections,
    ("spikeinterface", "scikit-learn", "numpy", "scipy"),
    PROPOSALS,
)


def report(
    inputs: Mapping[str, Path], parameters: ReportParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write the report of a recording's runs; arguments and errors as of `write`."""
    return write(SUBJECT, inputs, parameters, folder, report)
