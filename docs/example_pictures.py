"""Draws `assets/pictures/`: what each subject gives, from the example data, for an empty Home.

    python docs/example_pictures.py

The same functions draw them that draw the pictures of everybody's workspaces.
"""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dashboard.home.examples import EXAMPLES, SEED  # noqa: E402
from dashboard.home.page import CARDS  # noqa: E402
from dashboard.workspaces.pictures import PICTURES  # noqa: E402
from pipelines import tasks  # noqa: E402

FOLDER = ROOT / "assets" / "pictures"


def main() -> None:
    """Make each example, run its step as Home does, and draw the result."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for card in CARDS:
            source = card.bench.sources[0]
            example = EXAMPLES[source.example]
            data, result = Path(scratch) / example.group, Path(scratch) / f"{example.group}-result"
            data.mkdir()
            import_module(example.maker).make(data, SEED)
            given = card.bench.step.parameters.parse(card.changes).model_dump(mode="json")
            tasks.run(card.bench.task, {source.name: data / example.file}, given, result)
            picture = PICTURES[card.bench.task]
            file = FOLDER / f"{card.subject}{picture.suffix}"
            file.write_bytes(picture.draw(result))
            print(file)


if __name__ == "__main__":
    main()
