"""A folder that was named on a system of another alphabet is read, and its name recorded."""

import json
import os
import sys
from pathlib import Path

import pytest

from pipelines import tasks


@pytest.mark.skipif(sys.platform != "linux", reason="names are text on other systems")
def test_a_name_that_is_no_utf8_is_recorded_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"M\xfcller")
    folder.mkdir()
    table = folder / "synapses.csv"
    table.write_text("name,a,b\nx,1,2\ny,3,4\n")
    columns = {"feature_columns": ["a", "b"], "id_column": "name"}
    tasks.run("synapses check", {"table": table}, columns, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["inputs"][0]["path"].encode(errors="surrogateescape") == os.fsencode(table)
