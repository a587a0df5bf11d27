"""The process that unpacks MATLAB's files of version 4 to 7; see `matlab`."""

from typing import Any

import numpy as np
from scipy.io import loadmat, whosmat

from pipelines.processes.isolated import serve

WHOLE = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
REAL = frozenset({"double", "single", "logical", *WHOLE})


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """List the arrays of real numbers; write the named one as `.npy`, or the only large one."""
    held = [(name, list(shape)) for name, shape, kind in whosmat(request["path"]) if kind in REAL]
    suits = [name for name, shape in held if len(shape) >= request.get("least", 1)]
    unpacked = request.get("variable") or (suits[0] if len(suits) == 1 else "")
    if unpacked:
        values = loadmat(request["path"], variable_names=[unpacked])[unpacked]
        np.save(request["out"], np.asarray(values), allow_pickle=False)
    return {"arrays": held, "unpacked": unpacked}


if __name__ == "__main__":
    serve(answer)
