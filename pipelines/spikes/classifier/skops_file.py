"""Files of skops in SpikeInterface's format: pipelines of scikit-learn with their description.

A `.skops` file names classes and is no pickle, but some classes can still do harm. It is read like
any stored model (`stored_estimators`): with an explicit list of types, and looked through.
"""

from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from pipelines.core.errors import BundleError
from pipelines.core.result_files import read_object_if_sound
from pipelines.files.reading import reading
from pipelines.models.estimators.stored_estimators import TRUSTED, canonical, load

PIPELINE = "pipeline"


def read_folder(folder: Path) -> tuple[bytes, dict[str, Any]]:
    """The `.skops` file of a folder, and what its `model_info.json` says.

    Raises:
        BundleError: there is not exactly one, or what its classes mean is not said.
    """
    files = sorted(folder.glob("*.skops"))
    if len(files) != 1:
        names = ", ".join(file.name for file in files) or "none"
        raise BundleError(f"{folder} must hold one .skops file; it holds {names}.")
    with reading(files[0], BundleError, "download it again", ".skops file"):
        content = files[0].read_bytes()
    return content, read_object_if_sound(folder / "model_info.json")


def checked(content: bytes, name: str) -> Pipeline:
    """A pipeline that classifies, read without anything that is not trusted.

    Args:
        content: of a `.skops` file.
        name: what errors call it.

    Raises:
        BundleError: it wants types that are not trusted, which the sentence lists, or is no
            sound pipeline that classifies.
    """
    try:
        plain = canonical(content)
    # A damaged archive can raise nearly anything, and none of it is a bug of ours.
    except Exception as error:
        raise BundleError(
            f"{name} is no file of skops ({type(error).__name__}): pickles are never opened."
        ) from None
    pipeline = load(plain, TRUSTED[PIPELINE], name)
    if type(pipeline) is not Pipeline:
        raise BundleError(f"{name} is not opened, because it holds no pipeline.")
    if not hasattr(pipeline, "feature_names_in_") or not hasattr(pipeline, "classes_"):
        raise BundleError(f"{name} does not say which metrics it learnt from: it is not opened.")
    return pipeline
