"""Batches: consecutive positions of a text in short blocks, and the masks that say what is a pair.

Every objective with windows and negatives learns from these. What is drawn is in `sampling`,
what is learned from a batch in `skipgram` and `cbow`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from embedcore.vocab import PAD_INDEX


@dataclass(frozen=True, eq=False)
class Batch:
    """P positions of the text in blocks of b, with w words around; P = blocks * b.

    Attributes:
        words: (P,) int32, the words that look, which are rows of the input weight.
        around: (P + 2w,) int32, the same words with w before and after: rows of the output weight.
        mask: (blocks, b, b + 2w), 1 where a word of a block and a word around it are a pair, else 0.
        pairs: (P,), the pairs of each word that looks.
        negatives: (G, M) int32, a pool for each G-th part of the positions.
        weights: (G, P / G, 1), how much each negative of its pool counts for a position.
    """

    words: Tensor
    around: Tensor
    mask: Tensor
    pairs: Tensor
    negatives: Tensor
    weights: Tensor


class Windows:
    """Makes the masks of batches with one window and one length of block."""

    def __init__(self, window: int, *, dtype: torch.dtype = torch.float32) -> None:
        """A block is longer than the window, but not by much: masked-out products are wasted work."""
        self.window = window
        self.block = 16 if window <= 8 else 32 if window <= 16 else 64  # 16 measured fastest at window 5
        self.width = self.block + 2 * window
        # Row n * b + a is what a word at place a of its block sees when it looks n words to one side.
        place = torch.arange(self.block)[None, :, None]  # (1, b, 1)
        distance = torch.arange(self.width)[None, None, :] - window - place  # (1, b, b + 2w)
        reach = torch.arange(window + 1)[:, None, None]  # (w + 1, 1, 1)
        self._left = ((distance < 0) & (distance >= -reach)).to(dtype).view(-1, self.width)
        self._right = ((distance > 0) & (distance <= reach)).to(dtype).view(-1, self.width)
        self._place = torch.arange(self.block, dtype=torch.int32)  # (b,)

    def batch(
        self, around: Tensor, left: Tensor, right: Tensor, negatives: Tensor, negative: int, *, pads: bool = True
    ) -> Batch:
        """A batch of P positions: `around` (P + 2w,), `left` and `right` (P,), `negatives` (G, M), all int32.

        `left` and `right` say how many words each position looks at on either side, `negative`
        how many negatives a pair counts. P is a multiple of the block and of G. `<pad>` forms no
        pair, wherever it stands; without `pads` it stands only where nobody looks, which saves looking.
        """
        count = len(left)
        words = around[self.window : self.window + count]  # (P,)
        mask = self._left.index_select(0, self._rows(left))  # (P, b + 2w)
        mask += self._right.index_select(0, self._rows(right))
        by_block = mask.view(-1, self.block, self.width)  # (P / b, b, b + 2w)
        if pads:
            filled = around != PAD_INDEX  # (P + 2w,)
            by_block *= self.blocks(filled)[:, None, :]
            mask *= filled[self.window : self.window + count, None]
        pairs = mask.sum(1)  # (P,)
        weights = (pairs * (negative / negatives.shape[1])).view(len(negatives), -1, 1)  # (G, P / G, 1)
        return Batch(words, around, by_block, pairs, negatives, weights)

    def _rows(self, reach: Tensor) -> Tensor:
        """The rows of `_left` or `_right` for positions (P,) that look `reach` (P,) words to that side."""
        return torch.add(self._place, reach.view(-1, self.block), alpha=self.block).view(-1)  # (P,)

    def blocks(self, around: Tensor) -> Tensor:
        """What surrounds each block, itself included: (P + 2w, …) as (P / b, b + 2w, …), overlapping."""
        count = (len(around) - 2 * self.window) // self.block
        inner = around.stride()
        return around.as_strided((count, self.width, *around.shape[1:]), (self.block * inner[0], *inner))
