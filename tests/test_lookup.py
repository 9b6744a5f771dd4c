"""Look-ups: held to torch's own layer, and prints to torch's own, on many shapes and magnitudes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch
from torch import nn

from embedcore import lookup
from embedcore.errors import BadSetting
from embedcore.lookup import as_torch_prints, look_up, one_hot, one_hot_difference, pad_batch


def table(rows: int, dim: int) -> np.ndarray:
    return np.random.default_rng(rows).standard_normal((rows, dim)).astype(np.float32)  # (V, D)


def test_a_batch_is_as_long_as_its_longest_sentence() -> None:
    batch = pad_batch([[2, 3, 4], [5]])
    assert batch.tolist() == [[2, 3, 4], [5, 1, 1]]
    assert batch.dtype == np.int64
    sentences = [[2, 3], [], [7, 8, 9, 2]]
    padded = nn.utils.rnn.pad_sequence([torch.tensor(s, dtype=torch.long) for s in sentences], True, 1)
    assert pad_batch(sentences).tolist() == padded.tolist()


@pytest.mark.parametrize(("sentences", "shape"), [([], (0, 0)), ([[]], (1, 0)), ([[], []], (2, 0))])
def test_a_batch_of_nothing(sentences: list[list[int]], shape: tuple[int, int]) -> None:
    assert pad_batch(sentences).shape == shape


@pytest.mark.parametrize("ids", [[2, 3, 1], [[2, 0], [7, 1]], 5, []])
def test_a_look_up_is_what_the_layer_gives(ids: object) -> None:
    weight = table(8, 3)
    layer = nn.Embedding(8, 3, padding_idx=1, _weight=torch.from_numpy(weight))
    expected = layer(torch.tensor(ids, dtype=torch.long)).detach().numpy()
    assert np.array_equal(look_up(weight, ids), expected)
    assert look_up(weight, ids).shape == expected.shape


def test_what_is_looked_up_is_a_copy() -> None:
    weight = table(8, 3)
    look_up(weight, [2])[:] = 0
    assert weight[2].all()


@pytest.mark.parametrize("wrong", [[8], [-1], [[0, 9]]])
def test_an_integer_without_a_row_is_told(wrong: object) -> None:
    sentence = "has no row in this table: the integers here go from 0 to 7"
    with pytest.raises(BadSetting, match=sentence):
        look_up(table(8, 3), wrong)
    with pytest.raises(BadSetting, match=sentence):
        one_hot_difference(table(8, 3), wrong)
    with pytest.raises(BadSetting, match=sentence):
        one_hot(wrong, 8)
    with pytest.raises(BadSetting, match="takes integers, not float64"):
        look_up(table(8, 3), [0.5])


@pytest.mark.parametrize("ids", [[2, 0, 1], [[3, 3], [0, 1]]])
def test_one_hot_is_torchs(ids: object) -> None:
    assert np.array_equal(one_hot(ids, 5), nn.functional.one_hot(torch.tensor(ids), 5).float().numpy())


def test_the_one_hot_product_gives_the_same_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = table(1_000, 7)
    ids = [[2, 999, 0], [1, 2, 500]]
    assert np.abs(one_hot(ids, 1_000) @ weight - look_up(weight, ids)).max() == 0
    assert one_hot_difference(weight, ids) == 0
    monkeypatch.setattr(lookup, "_ONE_HOT_NUMBERS", 64)  # many blocks
    assert one_hot_difference(weight, ids) == 0
    assert one_hot_difference(weight, []) == 0


def test_the_difference_is_computed_and_not_assumed() -> None:
    weight = table(10, 4)
    weight[7, 1] = np.inf  # 0 x infinity is no number: the product really goes through every row
    assert np.isnan(one_hot_difference(weight, [2]))


def test_the_difference_on_a_large_table_holds_few_one_hot_numbers() -> None:
    weight = np.ones((400_000, 2), dtype=np.float32)
    tracemalloc.start()
    try:
        assert one_hot_difference(weight, np.arange(200)) == 0
        assert tracemalloc.get_traced_memory()[1] < 60e6  # all at once: 320 MB
    finally:
        tracemalloc.stop()


NUMBERS = np.random.default_rng(0)
SHAPES = [(), (1,), (3,), (6,), (7,), (25,), (1_000,), (1_001,), (1, 1), (8, 3), (2, 30), (40, 25), (41, 25),
          (3, 400), (501, 2), (7, 1_000), (400, 50), (2, 5, 3), (2, 9, 100), (7, 8, 30), (2, 3, 2, 4), (0,), (0, 3),
          (2, 0)]  # fmt: skip
KINDS = {
    "normal": lambda n: NUMBERS.standard_normal(n),
    "first weights": lambda n: (NUMBERS.random(n) - 0.5) / 3,
    "tiny": lambda n: NUMBERS.standard_normal(n) * 1e-7,
    "large": lambda n: NUMBERS.standard_normal(n) * 1e5,
    "huge": lambda n: NUMBERS.standard_normal(n) * 1e30,
    "many magnitudes": lambda n: NUMBERS.standard_normal(n) * 10.0 ** NUMBERS.integers(-8, 8, n),
    "whole": lambda n: NUMBERS.integers(-50, 50, n),
    "whole and large": lambda n: NUMBERS.integers(-(10**9), 10**9, n),
    "zeros": lambda n: np.zeros(n),
    "minus zero": lambda n: -np.zeros(n),
    "zeros and ones": lambda n: NUMBERS.integers(0, 2, n),
    "around the scientific switch": lambda n: np.where(NUMBERS.random(n) < 0.5, 1e-4, 0.1),
    "above 1e8": lambda n: np.full(n, 100_000_008.0),
    "not finite": lambda n: NUMBERS.choice([np.nan, np.inf, -np.inf, 0.5, 2.0], n),
    "only not finite": lambda n: NUMBERS.choice([np.nan, np.inf, -np.inf, 0.0], n),
    "whole and not finite": lambda n: NUMBERS.choice([np.nan, -np.inf, 3.0, 12.0], n),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_floats_print_as_torch_prints_them(shape: tuple[int, ...], kind: str) -> None:
    for _ in range(3):
        array = np.asarray(KINDS[kind](int(np.prod(shape)))).astype(np.float32).reshape(shape)
        assert as_torch_prints(array) == str(torch.from_numpy(array))


@pytest.mark.parametrize("low", [0, -9, 10**12, -(10**17)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_integers_print_as_torch_prints_them(shape: tuple[int, ...], low: int) -> None:
    array = NUMBERS.integers(low, low + 20_000, shape)
    array = np.asarray(array, dtype=np.int64)
    assert as_torch_prints(array) == str(torch.from_numpy(array))


def test_the_tutorials_prints() -> None:
    assert as_torch_prints(np.array([[2, 3, 1]])) == "tensor([[2, 3, 1]])"
    weight = np.array([[0, 0.5], [-1.25, 2]], dtype=np.float32)
    assert as_torch_prints(weight) == "tensor([[ 0.0000,  0.5000],\n        [-1.2500,  2.0000]])"


@pytest.mark.parametrize("dim", [1, 3, 5, 6, 7, 8, 12, 200])
def test_a_layers_weight_and_what_it_looks_up(dim: int) -> None:
    weight = table(8, dim)
    layer = nn.Embedding(8, dim, padding_idx=1, _weight=torch.from_numpy(weight))
    assert "Parameter containing:\n" + as_torch_prints(weight, "requires_grad=True") == str(layer.weight)
    looked_up = layer(torch.tensor([2, 3, 1]))
    shown = as_torch_prints(looked_up.detach().numpy(), "grad_fn=<EmbeddingBackward0>")
    assert shown == str(looked_up)


def test_a_view_that_is_not_contiguous_prints_the_same() -> None:
    array = table(60, 40).T[::2]
    assert as_torch_prints(array) == str(torch.from_numpy(array.copy()))


def test_other_kinds_of_numbers_are_declined() -> None:
    with pytest.raises(TypeError, match="float32 and int64, not float64"):
        as_torch_prints(np.zeros(3))
