"""The coordinates of a map as a table, for other programs: CSV and Parquet.

Here belongs what is in such a file and how it is written. Whose coordinates these are, and when a file is
made, is known to whoever asks. pyarrow is imported by what needs it.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.errors import BadVectors

AXES = ("x", "y", "z")
METADATA = b"embedcore.map"  # the key, in the metadata of a Parquet file, of what is known of the map
_FORMULA = tuple("=+-@\t\r")  # what a spreadsheet takes a cell for a formula by that begins with it


def table(
    sets: Sequence[str],
    words: Sequence[str],
    rows: npt.NDArray[np.int64],
    coordinates: npt.NDArray[np.float32],
    groups: npt.NDArray[np.integer[Any]] | None = None,
) -> Any:
    """The points of a map as an Arrow table, in the order of the map: `word, rank, set, x, y[, z][, cluster]`.

    `sets` has the names of S sets, `words` the W words, `rows` (S, W) their rows, from which ranks are counted,
    `coordinates` (S * W, dims) the points of the first set, then those of the second. `groups` (S * W,), where
    it is known, numbers the cluster of each point from 0, the largest, on, and is below 0 for none; the table
    counts from 1 and leaves that empty. Raises BadVectors if shapes do not fit.
    """
    import pyarrow as pa

    points = len(sets) * len(words)
    dims = coordinates.shape[-1] if coordinates.ndim == 2 else 0
    grouped = points if groups is None else len(groups)
    if rows.shape != (len(sets), len(words)) or dims not in (2, 3) or not len(coordinates) == grouped == points:
        raise BadVectors(
            f"A table of {len(words):,} words in {len(sets)} sets does not fit rows of shape {rows.shape} and "
            f"coordinates of shape {coordinates.shape}."
        )
    named = pa.array(words, pa.large_string())  # (W,)
    columns = {
        "word": pa.concat_arrays([named] * len(sets)) if sets else named,
        "rank": pa.array(rows.reshape(-1) + 1),
        "set": pa.array(np.repeat(np.arange(len(sets), dtype=np.int8), len(words))),
    }
    columns["set"] = pa.DictionaryArray.from_arrays(columns["set"], pa.array(sets, pa.string())).cast(pa.string())
    columns |= {AXES[axis]: pa.array(np.ascontiguousarray(coordinates[:, axis])) for axis in range(dims)}
    if groups is not None:
        columns["cluster"] = pa.array(groups.astype(np.int64) + 1, mask=groups < 0)
    return pa.table(columns)


def csv(points: Any) -> bytes:
    """A table of `table` as UTF-8 text (RFC 4180): words in quotes, since they may hold commas or line ends."""
    import pyarrow.csv

    file = io.BytesIO()
    pyarrow.csv.write_csv(points, file)
    return file.getvalue()


def parquet(points: Any, facts: Mapping[str, Any]) -> bytes:
    """A table of `table` as a Parquet file, with `facts` (JSON) on the map in its metadata, under METADATA."""
    import pyarrow.parquet

    said = json.dumps(facts, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    file = io.BytesIO()
    pyarrow.parquet.write_table(points.replace_schema_metadata({METADATA: said}), file)
    return file.getvalue()


def like_formulas(words: Sequence[str]) -> int:
    """How many words a spreadsheet may take for formulas, and change or run, when it opens them in a CSV file."""
    return sum(word.startswith(_FORMULA) for word in words)
