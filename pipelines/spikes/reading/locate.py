"""A recording that lies elsewhere now than where it was sorted."""

from dataclasses import replace
from pathlib import Path

from pipelines.core import provenance
from pipelines.core.errors import InputError
from pipelines.spikes.reading.channels import prepared
from pipelines.spikes.reading.read import read_recording
from pipelines.spikes.recording.identity import Identity, digest_of_samples, refuse_another
from pipelines.spikes.units.folder import SortingFolder


def locate(folder: Path, recording: Path) -> str:
    """Keep where the recording of a sorting, or of curated units, lies now.

    The folder's record stays as it is; `located.json` beside it says the new place. What a raw
    file does not say of itself is taken from the parameters of the sorting.

    Args:
        folder: of the sorting.
        recording: file or folder.

    Returns:
        A sentence that says by what it was recognised.

    Raises:
        InputError: it is another recording, or cannot be read.
        OutputError: the folder cannot be written.
    """
    sorted_folder = SortingFolder(folder)
    source = sorted_folder.whole().source
    whole = read_recording(recording, source.parameters)
    part = prepared(whole, source.parameters, None)
    refuse_another(source.identity, recording, whole, part)
    how = _recognised(source.identity, recording)
    known = replace(
        source.identity,
        n_samples=part.get_num_samples(),
        samples_sha256=digest_of_samples(whole),
    )
    sorted_folder.write_located(recording.absolute(), known)
    return f"The recording of {folder} lies at {recording}: {how}."


def _recognised(known: Identity, recording: Path) -> str:
    """By what it was recognised; of a folder of an earlier version everything is read.

    Raises:
        InputError: its sha256 is another one.
    """
    if known.samples_sha256:
        return "its size, its header and blocks of its samples are those that were sorted"
    if not known.file_sha256:
        return "its length, rate and channels are those that were sorted; more was not kept"
    if provenance.digest(recording) != known.file_sha256:
        raise InputError(
            f"The recording {recording} is not the one that was sorted: its sha256 is another one. "
            "Files that were added to its folder since count too: take them away."
        )
    return "its sha256 is that of what was sorted"
