"""Methods in sentences: what each run did, whom that cites, and what made it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.report.references import REFERENCES, Reference

CALLED: Mapping[str, tuple[str, str]] = {
    "neuroboard": ("Neuroboard", ""),
    "python": ("Python", ""),
    "spikeinterface": ("SpikeInterface", "buccino"),
    "scikit-learn": ("scikit-learn", "sklearn"),
    "umap-learn": ("umap-learn", ""),
    "hdbscan": ("hdbscan", ""),
    "xgboost-cpu": ("XGBoost", ""),
    "xgboost": ("XGBoost", ""),
    "numpy": ("NumPy", ""),
    "scipy": ("SciPy", ""),
    "pandas": ("pandas", ""),
    "tifffile": ("tifffile", ""),
}
"""Software by its name in records: what texts call it, and what it asks to be cited by."""


@dataclass(frozen=True)
class Said:
    """A sentence and the keys of the publications that it cites."""

    text: str
    cites: tuple[str, ...] = ()


def said(text: str, *cites: str) -> Said:
    """A sentence with its citations in brackets before the full stop."""
    if not cites:
        return Said(text)
    shorts = "; ".join(REFERENCES[key].short for key in cites)
    text = text.removesuffix(".")
    if text.endswith(")"):  # one pair of brackets for both
        return Said(f"{text.removesuffix(')')}; {shorts}).", cites)
    return Said(f"{text} ({shorts}).", cites)


def software(versions: Mapping[str, str], names: Iterable[str]) -> Said:
    """What the runs were made with.

    Args:
        versions: of a run.
        names: of those packages whose numbers the runs depend on.
    """
    used = [name for name in ("neuroboard", "python", *names) if name in versions]
    parts, cites = [], []
    for name in used:
        called, key = CALLED.get(name, (name, ""))
        parts.append(f"{called} {versions[name]}" + (f" ({REFERENCES[key].short})" if key else ""))
        cites += [key] if key else []
    return Said(f"Software: {', '.join(parts)}.", tuple(cites)) if parts else Said("")


def cited(sentences: Sequence[Said]) -> list[Reference]:
    """The publications that sentences cite, by key or by a DOI in their text, by author."""
    text = " ".join(one.text for one in sentences)
    keys = {key for one in sentences for key in one.cites}
    found = [row for row in REFERENCES.values() if row.key in keys or (row.doi and row.doi in text)]
    return sorted(found, key=lambda row: row.full)


def listed(items: Sequence[str], last: str = "and") -> str:
    """Words of a sentence: a, b and c."""
    return f" {last} ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def number(value: float) -> str:
    """A number of a sentence: whole ones with thousands, others with three digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
