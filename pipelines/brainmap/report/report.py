"""The step `brainmap report`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.brainmap.report.figures import sections
from pipelines.brainmap.report.methods import SENTENCES
from pipelines.core.progress import Report
from pipelines.report.parameters import ReportParameters
from pipelines.report.report import ReportSubject, write
from pipelines.report.withheld import NUMBER

SUBJECT = ReportSubject(SENTENCES, sections, ("scikit-learn", "numpy", "scipy", "tifffile"), NUMBER)


def report(
    inputs: Mapping[str, Path], parameters: ReportParameters, folder: Path, report: Report
) -> dict[str, Any]:
    """Write the report of a film's runs; arguments and errors as of `write`."""
    return write(SUBJECT, inputs, parameters, folder, report)
