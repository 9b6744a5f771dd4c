"""One UMAP map by umap-learn as one calls it by hand, in a process of its own: `python -m benchmarks.one_map --help`.

Reads the first rows of a matrix, lays them out by cosine with umap-learn's own settings, and writes the
coordinates. Nothing of ours is imported. How long the whole process takes is measured by `bench_maps`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path


def main() -> None:
    """Lay out, and print how the seconds were spent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("matrix", type=Path, help="a .npy file of (V, D) vectors")
    parser.add_argument("out", type=Path, help="the .npy file to write the (words, 2) coordinates to")
    parser.add_argument("--words", type=int, required=True)
    parser.add_argument("--seed", type=int, help="without it, umap-learn uses all cores, and no two maps are the same")
    args = parser.parse_args()
    began = time.perf_counter()
    import numpy as np
    import umap

    imported = time.perf_counter()
    vectors = np.array(np.load(args.matrix, mmap_mode="r")[: args.words])  # (n, D)
    read = time.perf_counter()
    coordinates = umap.UMAP(metric="cosine", random_state=args.seed).fit_transform(vectors)  # (n, 2)
    np.save(args.out, coordinates)
    ended = time.perf_counter()
    print(json.dumps({"import": imported - began, "read": read - imported, "fit": ended - read}))


if __name__ == "__main__":
    main()
