"""What can be said to a report."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pipelines.core.parameters import Parameters, parameter

LONGEST_TITLE = 200
LONGEST_TEXT = 20_000
MOST_TEXTS = 1000
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


def _as_texts(value: Any) -> Any:
    """What was typed: a list in JSON, or one text."""
    if not isinstance(value, str):
        return () if value is None else value
    if not value.lstrip().startswith("["):
        return (value,) if value else ()
    try:
        return json.loads(value)
    except Exception:  # also nested too deeply
        raise ValueError('must be a list of texts in JSON, such as ["", "text"]') from None


Texts = Annotated[tuple[Text, ...], BeforeValidator(_as_texts)]


class ReportParameters(Parameters):
    """What stands in a report besides what the runs themselves say."""

    title: str = parameter(
        "",
        label="Title",
        help="Stands above the report. Empty: the name of the file that the first run read.",
        max_length=LONGEST_TITLE,
        empty="the name of the file",
    )
    about: str = parameter(
        "",
        label="About",
        help="Lines of text below the title, such as what was recorded and from whom.",
        max_length=LONGEST_TEXT,
        empty="nothing",
    )
    notes: Texts = parameter(
        (),
        label="Notes of the runs",
        help="What a person wrote on each run, in the order of the runs; empty where nothing was "
        'written. As a list in JSON, such as ["", "the one in the paper"].',
        max_length=MOST_TEXTS,
        advanced=True,
        empty="none",
    )
    also: Texts = parameter(
        (),
        label="Also tried",
        help="A sentence for each run that gave no result and that is named all the same.",
        max_length=MOST_TEXTS,
        advanced=True,
        empty="none",
    )
