"""By which names files of images are known: to the reader, in data roots and for uploading."""

TIFF = frozenset({".tif", ".tiff", ".btf", ".tf8"})
NPY = frozenset({".npy"})
NPZ = frozenset({".npz"})
HDF5 = frozenset({".h5", ".hdf5", ".hdf", ".nwb"})
MATLAB = frozenset({".mat"})
MEMORY_MAP = frozenset({".mmap"})
BINARY = frozenset({".bin"})

SINGLE_FILES = NPY | NPZ | HDF5 | MATLAB | MEMORY_MAP
"""Files that hold a whole film."""
FILM_NAMES = frozenset({"data.bin"})
"""Names of binary files that hold a film; others of that kind may be anything."""
MARKS = ("conf.json", ".zarray", ".zgroup", "zarr.json", "data.bin")
"""Files that tell of their folder that it is a film."""
BESIDE = frozenset({".xml", ".json"})
"""Files that describe others: Bruker's, and Thunder's conf.json."""
UPLOADED = (*sorted(TIFF), *sorted(SINGLE_FILES), *sorted(BINARY), *sorted(BESIDE))
"""What can be uploaded; a zarr folder holds folders, and belongs into a data root."""
