"""Writes licences.md: what is installed and shipped, and under which licences (`make licences`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FILE = REPOSITORY / "docs" / "licences.md"

BY_HAND = {
    "colorama": ("BSD-3-Clause", "for Windows only; read from its wheel"),
    "xgboost": ("Apache-2.0", "for macOS only; read from its wheel"),
    "text-unidecode": ("Artistic-1.0-Perl", "it may be had under this or the GPL: this is taken"),
}
"""Where the metadata are silent, or not on the machine that writes the list."""

REASONS = {
    "certifi": "MPL-2.0 is about this package's own files, which are used as they are",
    "tqdm": "as certifi; parts are MIT",
    "pathspec": "as certifi; of mypy, so only where Neuroboard is developed",
    "hypothesis": "as certifi; only in tests",
}
"""Why packages with conditions on changed copies may be used."""

SPELLINGS = {
    "MIT": "MIT", "MIT License": "MIT", "Apache 2": "Apache-2.0", "Apache 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0", "Apache License": "Apache-2.0", "BSD-3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause", "BSD-2-Clause": "BSD-2-Clause", "MPL-2.0": "MPL-2.0",
    "Apache Software License": "Apache-2.0", "MPL-2.0 AND MIT": "MPL-2.0 AND MIT",
    "ZPL 2.1": "ZPL-2.1", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}  # fmt: skip
"""What packages call licences, as SPDX does; "BSD" alone is decided by the licence file."""

TEXTS = (
    (r"Permission is hereby granted, free of charge", "MIT"),
    (r"Redistribution and use in source and binary forms.*(Neither|names? of)", "BSD-3-Clause"),
    (r"Redistribution and use in source and binary forms", "BSD-2-Clause"),
    (r"Apache License\s+Version 2\.0", "Apache-2.0"),
)
"""Sentences that only one licence has, the stricter first."""

NATIVE = {
    "BSD-2-Clause": "aec aom avif jpegxr jxrglue lz4 openjp2 openjph sz",
    "BSD-3-Clause": "SPERR SZ3c blosc blosc2 charls jxl jxl_cms jxl_threads lzfse scipy_openblas "
    "scipy_openblas64_ sharpyuv snappy webp webpdemux webpmux hdf5 hdf5_hl zfp zstd",
    "MIT": "brotlicommon brotlidec brotlienc deflate gif lcms2 lzhamcomp lzhamdecomp lzhamdll "
    "lzokay lzokay-c meshoptimizer",
    "Apache-2.0": "Lerc cpcodec uhdr zopfli",
    "IJG AND BSD-3-Clause AND Zlib": "jpeg",
    "libpng-2.0": "png16",
    "libtiff": "tiff",
    "0BSD": "lzma",
    "GPL-3.0-or-later WITH GCC-exception-3.1": "gfortran gomp",
    "LGPL-2.1-or-later": "quadmath",
}
"""Libraries inside the wheels for Linux, by what their projects state."""

SHIPPED = """| file | what | licence |
| --- | --- | --- |
| `assets/plotly/plotly-strict.min.js` | plotly.js, strict | MIT (`assets/plotly/LICENSE.txt`) |
| `assets/split/split.min.js` | Split.js 1.6.5 | MIT (`assets/split/LICENSE.txt`) |
| `assets/inter-latin-wght-normal.woff2` | the font Inter | OFL-1.1 (`assets/inter-license.txt`) |
"""


@dataclass(frozen=True)
class Licence:
    """A package's licence and where that was read."""

    expression: str
    source: str


def packages(lock: Path) -> dict[str, str]:
    """The versions that a lock names, by name."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text("utf-8"), re.MULTILINE))


def licence(name: str) -> Licence:
    """Read a package's licence: from its metadata, or where they are vague, from its file.

    Raises:
        ValueError: it can be read nowhere; `BY_HAND` is for that.
    """
    if name in BY_HAND:
        expression, reason = BY_HAND[name]
        return Licence(expression, f"by hand: {reason}")
    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise ValueError(f"{name} is not installed here") from None
    for field, values in _stated(found):
        for value in values:
            if value in SPELLINGS or field == "License-Expression":
                return Licence(SPELLINGS.get(value, value), field)
    if expression := _of_text(found):
        return Licence(expression, "licence file")
    raise ValueError(f"{name} does not say its licence")


def _stated(package: Distribution) -> Iterator[tuple[str, list[str]]]:
    fields = package.metadata
    for field in ("License-Expression", "License"):
        yield field, [value.strip() for value in fields.get_all(field) or []]
    classifiers = fields.get_all("Classifier") or []
    yield "Classifier", [value.split(" :: ")[-1] for value in classifiers if "License ::" in value]


def _of_text(package: Distribution) -> str:
    files = [file for file in package.files or () if re.search(r"(?i)licen[cs]e", file.name)]
    for file in files:
        text = " ".join(file.read_text("utf-8").split())
        for sentence, expression in TEXTS:
            if re.search(sentence, text):
                return expression
    return ""


def natives() -> dict[str, str]:
    """The licence of each library that lies in a wheel's folder of libraries."""
    return {name: licence for licence, names in NATIVE.items() for name in names.split()}


def table(names: dict[str, str]) -> str:
    """Markdown with a row for each package."""
    rows = ["| package | version | licence | read from |", "| --- | --- | --- | --- |"]
    for name, version in names.items():
        found = licence(name)
        why = f"; {REASONS[name]}" if name in REASONS else ""
        rows.append(f"| {name} | {version} | {found.expression} | {found.source}{why} |")
    return "\n".join(rows) + "\n"


def page() -> str:
    """The whole file."""
    run = packages(REPOSITORY / "requirements.lock")
    tested = packages(REPOSITORY / "requirements-dev.lock")
    more = {name: version for name, version in tested.items() if name not in run}
    native = "\n".join(
        f"| {', '.join(sorted(names.split(), key=str.lower))} | {licence} |"
        for licence, names in NATIVE.items()
    )
    return f"""# Licences

Written by `make licences`; a test compares it with what is installed. Neuroboard itself is under
the [BSD-3-Clause](../LICENSE) licence. Nothing here is under the GPL or the AGPL but for GCC's
runtime libraries, whose exception frees what is linked to them.

## What `make run` installs

{table(run)}
## Libraries inside these wheels

By name, of the wheels for Linux (their folders `*.libs`). Python loads them at run time as separate
files, which is what the LGPL asks for.

| libraries | licence |
| --- | --- |
{native}

zstd may be had under BSD-3-Clause or GPL-2.0: BSD-3-Clause is taken.

## In this repository

{SHIPPED}
## What only tests need

Also Dask, which brain maps and jobs may run on.

{table(more)}"""


if __name__ == "__main__":
    FILE.write_text(page(), encoding="utf-8")
