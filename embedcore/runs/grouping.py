"""The job "grouping": the points of a map are put in groups, to colour them by, and kept under their key.

Here belongs what a worker does for it. What was asked for is checked in `jobs`, groups are found by
`maps.clusters` and kept by `maps.groupings`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from embedcore.errors import BadVectors
from embedcore.maps import clusters, groupings, layouts, overview, selection, store
from embedcore.maps.groups import HDBSCAN, KMEANS
from embedcore.maps.request import MapRequest
from embedcore.runs.folder import RunFolder
from embedcore.runs.jobs import GroupingConfig
from embedcore.runs.mapping import GATHERING, opened
from embedcore.runs.progress import Reporter, unless_stopped
from embedcore.settings import Settings

Float32s = npt.NDArray[np.float32]

GROUPING = "grouping"
FIND: dict[str, Callable[[Float32s, int], clusters.Clusters]] = {KMEANS: clusters.kmeans, HDBSCAN: clusters.hdbscan}
SHARES = {GATHERING: 10, GROUPING: 90}  # of the whole job


def run_grouping(folder: RunFolder, settings: Settings) -> dict[str, Any]:
    """Find the groups that the run asks for, unless they are there by now; returns what run.json's result says.

    Raises BadSetting, BadVectors, also if a set is another by now than was asked for or the map is
    not kept, UnknownVectors, StorageProblem.
    """
    config = GroupingConfig.from_json(folder.run.config)
    folder.drop_metrics_after(-1.0)  # those of an earlier attempt
    return unless_stopped(folder, lambda: _find(config, settings, Reporter(folder, SHARES)))


def _find(config: GroupingConfig, settings: Settings, reporter: Reporter) -> dict[str, Any]:
    asked = config.asked
    reporter.at(GATHERING, 0.0)
    points = _points(asked, config, settings)  # (n, d)
    reporter.at(GROUPING, 0.0)
    labels = groupings.find_grouping(asked, config.how, config.number, settings, points=len(points))
    if labels is None:
        labels = FIND[config.how](points, config.number).labels
        reporter.at(GROUPING, 1.0)
        groupings.save_grouping(asked, config.how, config.number, labels, settings)
    groups = int(labels.max(initial=clusters.NOISE)) + 1
    return {"key": config.key, "points": len(labels), "groups": groups}


def _points(asked: MapRequest, config: GroupingConfig, settings: Settings) -> Float32s:
    """The n points that are grouped: in the full space (n, D), or where they lie on the map (n, dims)."""
    if config.how == HDBSCAN:
        coordinates = _coordinates(asked, settings)
        groupings.check_most(config.how, len(coordinates))
        return coordinates
    sets = opened(asked, settings)
    return selection.select(sets, asked.words).units(sets)


def _coordinates(asked: MapRequest, settings: Settings) -> Float32s:
    """The coordinates (n, dims) of a map: a PCA is made again as the page makes it, another must be kept."""
    if (kept := store.find_map(asked.key, settings)) is not None:
        return kept.coordinates
    if asked.method != layouts.PCA:
        raise BadVectors(
            "This map is not kept any more, so its words cannot be grouped by their places. Make it again."
        )
    sets = opened(asked, settings)
    return overview.pca_of(sets, selection.select(sets, asked.words), asked.dims).coordinates
