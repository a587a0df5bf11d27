"""Models that come as a pickle: read by a closed process, which hands back files that run nothing.

A pickle is what labs and the published project have, and the one kind of file that can run
anything. It is never opened here: `pickled_child` does so after it closed itself, and writes each
estimator again as skops and each booster as .ubj, which are then read like any stored model.
Bundles of earlier versions, whose classifier is a pickle, are read likewise (`models convert`).
"""

from collections.abc import Mapping

from pipelines.core.errors import BundleError
from pipelines.models.pickled_names import NAMES
from pipelines.processes import closed
from pipelines.processes.closed import Answered, Broke
from pipelines.processes.seccomp import Unenforceable

CHILD = "pipelines.models.estimators.pickled_child"
SUFFIXES = (".pkl", ".pickle", ".joblib")
ESTIMATORS, BOOSTER = FILES = ("classifier.skops", "classifier.ubj")
LONGEST_SENTENCE = 2000


def converted(content: bytes, name: str, kind: str) -> Answered:
    """A pickled model as files that run nothing, and what is known of it.

    Args:
        content: of the pickle.
        name: what errors call it.
        kind: a key of `pickled_names.NAMES`: "published", or what the card of a bundle of an
            earlier version calls its classifier.

    Returns:
        `ESTIMATORS`, and `BOOSTER` where there is one, as parts: neither of them is checked yet.

    Raises:
        BundleError: it names what is not allowed, is another model, is damaged, broke the
            process that read it, or this system cannot close such a process.
    """
    if kind not in NAMES:
        raise BundleError(f"{name} is a pickle of an unknown kind ({kind}): it is not opened.")
    try:
        found = closed.ask(CHILD, Answered({"kind": kind, "name": name}, {"content": content}))
    except Unenforceable as error:
        raise BundleError(
            f"{name} is a pickle, which can run anything, and this system cannot close off a "
            f"process that reads it ({error}): add it to a registry on Linux (x86_64 or aarch64, "
            "outside of containers that forbid seccomp), and copy the model's folder from there."
        ) from None
    except Broke as error:
        raise BundleError(
            f"{name} broke the process that reads it ({error}): it is damaged or made to do harm. "
            "Nothing of it was kept; get the file again from where it was made."
        ) from None
    _refuse_failed(found.said, name)
    if {*found.parts} not in ({ESTIMATORS}, {*FILES}):
        raise BundleError(f"{name} made the process that reads it answer nonsense: not kept.")
    return found


def _refuse_failed(said: Mapping[str, object], name: str) -> None:
    if "error" in said:
        raise BundleError(str(said["error"])[:LONGEST_SENTENCE])
    if "raised" in said:
        raise BundleError(
            f"{name} cannot be read ({str(said['raised'])[:100]}): it is damaged, or was made "
            "with a version of scikit-learn or XGBoost that this one does not understand. Copy it "
            "again, or train the model again."
        )
