"""The step `synapses report`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.core.progress import Report
from pipelines.report.parameters import ReportParameters
from pipelines.report.report import ReportSubject, write
from pipelines.report.withheld import EVIDENCE
from pipelines.synapses.report.figures import sections
from pipelines.synapses.report.methods import SENTENCES

SUBJECT = ReportSubject(
    SENTENCES,
    sections,
    ("umap-learn", "hdbscan", "scikit-learn", "xgboost-cpu", "xgboost", "numpy", "scipy"),
    EVIDENCE,
)


def report(
    inputs: Mapping[str, Path], parameters: ReportParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write the report of a table's runs; arguments and errors as of `write`."""
    return write(SUBJECT, inputs, parameters, folder, report)
