"""What can be set when a map is written for other programs."""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator

from pipelines.brainmap.formats.rows import FORMATS
from pipelines.brainmap.images.info import StatedSizes
from pipelines.brainmap.parameters import Palette, SizeParameters
from pipelines.core.formats import written
from pipelines.core.parameters import parameter

if TYPE_CHECKING:
    Format = str
else:
    Format = Literal[written(FORMATS)]
UNKNOWN_START = "1970-01-01T00:00:00+00:00"


def _parts(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _moment(text: str) -> str:
    """ISO 8601 with a time zone; UTC where it has none."""
    if not text.strip():
        return ""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError("must be a date and time such as 2026-03-01T14:30:00+01:00") from None
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()


class MapExportParameters(SizeParameters):
    """Settings of `brainmap export`."""

    @property
    def sizes(self) -> StatedSizes:
        """What is stated; volumes per second say the interval of frames."""
        stated = super().sizes
        if stated.frame_s is None and self.rate is not None:
            return replace(stated, frame_s=1 / self.rate)
        return stated

    formats: Annotated[tuple[Format, ...], BeforeValidator(_parts)] = parameter(
        written(FORMATS),
        label="Formats",
        help=f"Which kinds of files are written: {', '.join(written(FORMATS))}, with commas "
        "between.",
        min_length=1,
    )
    k: int | None = parameter(
        None,
        label="Clusters of the map",
        empty="the chosen one",
        help="Which of the map's numbers of clusters is written; empty for the chosen one.",
        ge=2,
    )
    palette: Palette = parameter(
        "similarity", label="Palette", help="Which of the map's palettes colours the clusters."
    )
    rate: float | None = parameter(
        None,
        label="Volumes per second",
        empty="as the map says",
        unit="Hz",
        help="nwb: how fast the images were taken, where the map does not know it. Empty if "
        "unknown: times are then in frames, and the file says so.",
        gt=0,
        allow_inf_nan=False,
    )
    session_start: Annotated[str, AfterValidator(_moment)] = parameter(
        "",
        label="Start of the recording",
        help="nwb: date and time, such as 2026-03-01T14:30:00+01:00. Empty if unknown: the file "
        "then holds 1970-01-01 and says that it is unknown.",
    )
