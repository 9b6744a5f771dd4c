"""Finished maps on disk: whole or not at all, opened as they were, damaged ones told."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from embedcore import storage
from embedcore.errors import BadVectors, StorageProblem
from embedcore.maps import store
from embedcore.maps.honesty import Honesty
from embedcore.maps.request import MapRequest, SetAsked, WordsAsked
from embedcore.maps.selection import MISSING, Selection, select
from embedcore.maps.store import delete_map, find_map, has_map, list_maps, open_map, save_map
from embedcore.settings import Settings
from embedcore.vectors import WordVectors

WORDS = ["왕", "queen", "with space", "", "a,b\n", "𝒳"]
HONESTY = Honesty(0.91, 0.4, 0.01, 15, 6, 6)


def request(seed: int = 1, sets: int = 1, dims: int = 2) -> MapRequest:
    asked = tuple(SetAsked(f"set {number}", f"{number}" * 64) for number in range(sets))
    words = WordsAsked(how="near", words=("왕", "nowhere"), count=5)
    return MapRequest(sets=asked, words=words, method="umap", dims=dims, params={"n_neighbors": 3}, seed=seed)


def selection(sets: int = 1) -> Selection:
    vectors = WordVectors(WORDS, np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32), name="one")
    return select([vectors] * sets, request().words)


def places(points: int = 6, dims: int = 2, seed: int = 0) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal((points, dims)).astype(np.float32)


def maps_folder(home: Settings) -> Path:
    return home.cache_dir / "maps"


def test_a_map_comes_back_as_it_was(home: Settings) -> None:
    asked, chosen, coordinates = request(), selection(), places()
    saved = save_map(asked, chosen, coordinates, honesty=HONESTY, facts={"seconds": 1.5})
    found = open_map(asked.key)
    for one in (saved, found):
        assert one.key == asked.key
        assert one.request == asked
        assert list(one.words) == chosen.words == WORDS
        assert one.rows.tolist() == [chosen.rows[0].tolist()]
        assert one.coordinates.tobytes() == coordinates.tobytes()
        assert one.coordinates.dtype == np.float32
        assert not one.coordinates.flags.writeable
        assert (one.seeds, one.honesty, one.facts) == ([0], HONESTY, {"seconds": 1.5})
        assert one.left_out == chosen.left_out
        assert [(left.reason, left.words) for left in one.left_out] == [(MISSING, ("nowhere",))]
    assert isinstance(found.coordinates.base, np.memmap)
    assert os.listdir(maps_folder(home)) == [asked.key]


def test_a_map_of_two_sets_in_three_dimensions(home: Settings) -> None:
    asked, chosen, coordinates = request(sets=2, dims=3), selection(2), places(12, 3)
    found = save_map(asked, chosen, coordinates.astype(np.float64))
    assert found.coordinates.tobytes() == coordinates.tobytes()
    assert found.rows.shape == (2, 6)
    assert found.honesty is None
    assert found.facts["turn"]["fitted"] == 6
    assert found.facts["turn"]["agreement"] == pytest.approx(1)


def test_opening_again_does_not_read_the_coordinates(home: Settings) -> None:
    count = 50_000
    chosen = Selection((np.arange(count),), [f"w{number}" for number in range(count)])
    save_map(request(), chosen, places(count))
    began = time.process_time()
    found = open_map(request().key)
    assert time.process_time() - began < 0.25
    assert found.words[49_999] == "w49999"
    assert len(found.coordinates) == count


def test_what_is_not_there(home: Settings) -> None:
    key = request().key
    assert find_map(key) is None
    assert not has_map(key)
    assert list_maps() == []
    save_map(request(2), selection(), places())  # so that the folder is there
    for wrong in (key, "..", "../../x", "", "A" * 64, key + "\n"):
        assert find_map(wrong) is None
        with pytest.raises(StorageProblem, match="There is no map “"):
            open_map(wrong)
        with pytest.raises(StorageProblem, match="There is no map “"):
            delete_map(wrong)


def test_coordinates_that_do_not_fit_are_refused(home: Settings) -> None:
    with pytest.raises(BadVectors, match=r"A map of 6 points in 2 dimensions was expected, but its shape is \(5, 2\)"):
        save_map(request(), selection(), places(5))
    with pytest.raises(BadVectors, match=r"in 2 dimensions was expected, but its shape is \(6, 3\)"):
        save_map(request(), selection(), places(6, 3))
    for odd in (np.nan, np.inf, 1e300):  # the last is beyond float32
        wrong = places().astype(np.float64)
        wrong[2, 1] = odd
        with pytest.raises(BadVectors, match="a coordinate that is not finite, so it was not kept"):
            save_map(request(), selection(), wrong)
    assert list_maps() == []


def test_the_first_of_two_equal_maps_stays(home: Settings) -> None:
    first = save_map(request(), selection(), places(), facts={"who": "first"})
    again = save_map(request(), selection(), places(seed=9), facts={"who": "second"})
    assert again.facts == first.facts == {"who": "first"}
    assert again.coordinates.tobytes() == places().tobytes()


@pytest.mark.parametrize("damaged", [False, True])
def test_many_keep_the_same_map_at_once(home: Settings, damaged: bool) -> None:
    if damaged:
        save_map(request(), selection(), places())
        (maps_folder(home) / request().key / "rows.npy").unlink()
    barrier = threading.Barrier(6)
    found: list[store.FinishedMap] = []
    problems: list[Exception] = []

    def keep(number: int) -> None:
        barrier.wait()
        try:
            found.append(save_map(request(), selection(), places(), facts={"who": number}))
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(found) == 6
    assert all(one.coordinates.tobytes() == places().tobytes() for one in found)
    assert os.listdir(maps_folder(home)) == [request().key]
    assert open_map(request().key).facts in [one.facts for one in found]


def cut(name: str, size: int) -> Callable[[Path], None]:
    return lambda folder: os.truncate(folder / name, size)


def gone(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def junk(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(b"\x80\x04junk\x00" * 40) and None


def changed(name: str, value: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "meta.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))

    return change


def another_array(name: str, array: npt.NDArray[np.generic]) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / name, array)


@pytest.mark.parametrize(
    "damage",
    [
        cut("coordinates.npy", 140), cut("coordinates.npy", 0), cut("rows.npy", 100), cut("tokens.arrow", 50),
        cut("meta.json", 30), gone("coordinates.npy"), gone("rows.npy"), gone("tokens.arrow"), gone("meta.json"),
        junk("coordinates.npy"), junk("tokens.arrow"), junk("meta.json"), changed("request", {"method": "umap"}),
        changed("request", None), changed("key", "f" * 64), changed("seeds", None), changed("honesty", {"x": 1}),
        changed("left_out", [{"words": []}]), another_array("coordinates.npy", places(5)),
        another_array("coordinates.npy", places(6).astype(np.float64)), another_array("rows.npy", np.zeros((2, 6))),
    ],
)  # fmt: skip
def test_a_damaged_map_is_told_and_can_be_made_again(home: Settings, damage: Callable[[Path], None]) -> None:
    key = save_map(request(), selection(), places(), honesty=HONESTY).key
    damage(maps_folder(home) / key)
    with pytest.raises(StorageProblem, match=r"This map is damaged\. Make it again\."):
        open_map(key)
    assert find_map(key) is None
    assert has_map(key)
    assert [info.key for info in list_maps()] == [key]
    again = save_map(request(), selection(), places(seed=4))
    assert again.coordinates.tobytes() == places(seed=4).tobytes()
    assert list_maps()[0].note == ""
    assert os.listdir(maps_folder(home)) == [key]


def test_maps_are_listed_the_newest_first(home: Settings) -> None:
    keys = []
    for seed in range(3):
        keys.append(save_map(request(seed), selection(), places()).key)
        meta = maps_folder(home) / keys[-1] / "meta.json"
        meta.write_text(
            json.dumps({**json.loads(meta.read_text()), "created": f"2026-01-0{seed + 1}T00:00:00.000+00:00"})
        )
    (maps_folder(home) / keys[2] / "meta.json").write_text("{")
    (maps_folder(home) / "somebody's folder").mkdir()
    (maps_folder(home) / ".tmp-x").mkdir()
    infos = list_maps()
    assert [info.key for info in infos] == [keys[1], keys[0], keys[2]]
    assert [info.note for info in infos] == ["", "", "This map is damaged. Make it again."]
    assert infos[0].request == request(1)
    assert infos[2].request is None
    assert infos[0].points == 6
    size = sum(path.stat().st_size for path in (maps_folder(home) / keys[1]).iterdir())
    assert infos[0].bytes == size


def test_a_deleted_map_is_gone_for_all_but_those_who_have_it_open(home: Settings) -> None:
    key = save_map(request(), selection(), places()).key
    found = open_map(key)
    delete_map(key)
    assert find_map(key) is None
    assert os.listdir(maps_folder(home)) == []
    assert found.coordinates.tobytes() == places().tobytes()
    assert found.words[0] == "왕"


def test_a_full_disk_leaves_nothing_behind(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    save_map(request(1), selection(), places())

    def full(*_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "write_array", full)
    with pytest.raises(StorageProblem, match=r"Could not keep the map\. The disk is full\."):
        save_map(request(2), selection(), places())
    assert os.listdir(maps_folder(home)) == [request(1).key]
    assert store.find_map(request(2).key) is None


def test_a_map_that_is_removed_as_often_as_it_is_kept_is_told(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "find_map", lambda *_: None)
    with pytest.raises(StorageProblem, match=r"it is removed as often as it is kept\. Try again\."):
        save_map(request(1), selection(), places())
    assert [path.name for path in maps_folder(home).iterdir() if path.name.startswith(".")] == []


def test_what_killed_writers_left_goes_with_the_next_map(home: Settings) -> None:
    maps_folder(home).mkdir(parents=True)
    for name, age in ((".tmp-old", 25 * 3_600), (".tmp-young", 3_600)):
        (maps_folder(home) / name).mkdir()
        os.utime(maps_folder(home) / name, (time.time() - age,) * 2)
    key = save_map(request(1), selection(), places()).key
    assert sorted(os.listdir(maps_folder(home))) == [".tmp-young", key]


def test_coordinates_that_were_cut_short_are_told_in_the_list(home: Settings) -> None:
    kept = save_map(request(1), selection(), places())
    file = maps_folder(home) / kept.key / "coordinates.npy"
    file.write_bytes(file.read_bytes()[: kept.coordinates.nbytes - 1])
    [info] = list_maps()
    assert info.note == "This map is damaged. Make it again."


def test_the_maps_that_nobody_opened_for_longest_make_room(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [save_map(request(seed), selection(), places()).key for seed in range(4)]
    for age, key in enumerate(keys):
        os.utime(maps_folder(home) / key / "meta.json", (1_000 + age, 1_000 + age))
    open_map(keys[0])
    (maps_folder(home) / keys[3] / "meta.json").unlink()
    size = sum(path.stat().st_size for path in (maps_folder(home) / keys[0]).iterdir())
    assert store.make_room() == []
    assert store.make_room(most=int(2.5 * size)) == [keys[3], keys[1]]
    assert {info.key for info in list_maps()} == {keys[0], keys[2]}
    assert store.make_room(most=0) == [keys[2]]  # the one opened last stays
    monkeypatch.setattr(store, "MOST_BYTES", size)
    newest = save_map(request(9), selection(), places())
    assert [info.key for info in list_maps()] == [newest.key]
