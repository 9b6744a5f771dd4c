"""Lines that compare some words with each other: similarity, texts, the odd one out, axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embedcore.errors import BadVectors
from embedcore.questions.axes import Axis, usable
from embedcore.snippets import listed
from embedcore.snippets_compare.base import (
    OURS,
    Block,
    Lines,
    SetWords,
    code,
    in_file,
    lines,
    looked_up,
    named,
    with_direction,
)
from embedcore.vectors import WordVectors

Pair = tuple[str, str]
_UNIT = f"unit = nn.functional.normalize({looked_up('words')})"


def similarity(sets: Sequence[SetWords]) -> Lines | None:
    """The matrix of cosines of some words with each other."""
    return lines(_similarity(vectors, tokens) for vectors, tokens in sets if tokens)


def _similarity(vectors: WordVectors, tokens: Sequence[str]) -> Block:
    have, built = in_file(vectors, tokens)
    count, many = len(tokens), len(have)
    ours = code(
        named("words", tokens),
        f"cosines = vectors.similarity_matrix(words)  # ({count}, {count})",
        "print(cosines.round(3))",
    )
    theirs = code(
        named("words", have),
        f"{_UNIT}  # ({many}, {vectors.dim})",
        f"cosines = unit @ unit.T  # ({many}, {many})",
        "print(cosines)",
    )
    return Block(vectors, ours, theirs if have else "", built)


def texts(sets: Sequence[tuple[WordVectors, Sequence[str], Sequence[str]]]) -> Lines | None:
    """The cosine of two texts: each the mean of the vectors of its words, which may repeat."""
    asked = [_texts(vectors, one, other) for vectors, one, other in sets if one and other]
    return lines(asked, OURS, "from embedcore.questions.mean_vectors import mean_vector, similarity")


def _texts(vectors: WordVectors, one: Sequence[str], other: Sequence[str]) -> Block:
    (have_one, built_one), (have_other, built_other) = in_file(vectors, one), in_file(vectors, other)
    ours = code(
        named("one", one),
        named("other", other),
        "cosine = similarity(mean_vector(vectors, one), mean_vector(vectors, other))",
        "print(cosine)",
    )
    theirs = code(
        named("one", have_one),
        named("other", have_other),
        f"first = {looked_up('one')}.mean(dim=0)  # ({vectors.dim},)",
        f"second = {looked_up('other')}.mean(dim=0)  # ({vectors.dim},)",
        "cosine = nn.functional.cosine_similarity(first, second, dim=0).item()",
        "print(cosine)",
    )
    missing = list(dict.fromkeys([*built_one, *built_other]))
    return Block(vectors, ours, theirs if have_one and have_other else "", missing)


def odd_one_out(sets: Sequence[SetWords]) -> Lines | None:
    """The word farthest from the mean of the directions of all, and the cosine of each with that mean."""
    directed = [(vectors, with_direction(vectors, tokens)) for vectors, tokens in sets]
    several = [(vectors, tokens) for vectors, tokens in directed if len(set(tokens)) >= 3]
    # Where the directions cancel each other out, none of the words is the odd one.
    return lines(_odd(*asked) for asked in several if not np.isnan(asked[0].mean_similarities(asked[1])).all())


def _odd(vectors: WordVectors, tokens: Sequence[str]) -> Block:
    have, built = in_file(vectors, tokens)
    ours = code(
        named("words", tokens),
        f"scores = vectors.mean_similarities(words)  # ({len(tokens)},)",
        "odd = vectors.doesnt_match(words)",
        "print(odd, scores.round(3))",
    )
    theirs = code(
        named("words", have),
        f"{_UNIT}  # ({len(have)}, {vectors.dim})",
        f"mean = nn.functional.normalize(unit.mean(dim=0), dim=0)  # ({vectors.dim},)",
        f"scores = unit @ mean  # ({len(have)},)",
        "odd = words[scores.argmin()]",
        "print(odd, scores)",
    )
    return Block(vectors, ours, theirs if len(have) >= 3 else "", built)


def axes(sets: Sequence[SetWords], axes: Sequence[Sequence[Pair]]) -> Lines | None:
    """Where words lie on one axis or two, each spanned by pairs: `(he, she)` is he - she.

    The words of an axis are as typed; each set spells them as it finds them. Pairs and axes that span
    nothing in a set are left out of its lines. Without words the axes' own are looked at.
    """
    blocks = []
    for vectors, tokens in sets:
        spanned = [pairs for typed in axes if (pairs := _spanned(vectors, typed))]
        own = dict.fromkeys(word for pairs in spanned for pair in pairs for word in pair)
        if spanned:
            blocks.append(_axes(vectors, tokens or list(own), spanned))
    return lines(blocks, OURS, "from embedcore.questions.axes import Axis")


def _spanned(vectors: WordVectors, typed: Sequence[Pair]) -> list[Pair]:
    """The pairs that span an axis in a set, as it spells them; none if they do not."""
    pairs, _ = usable(vectors, typed)
    try:
        return list(Axis.of(vectors, pairs).pairs)
    except BadVectors:
        return []  # none is left, or they cancel each other out


def _axes(vectors: WordVectors, tokens: Sequence[str], axes: Sequence[Sequence[Pair]]) -> Block:
    have, built = in_file(vectors, tokens)
    missing = [word for pairs in axes for pair in pairs for word in in_file(vectors, pair)[1]]
    spanned = f"axes = [{', '.join(listed(map(repr, pairs)) for pairs in axes)}]"
    ours = f"""{spanned}
{named("words", tokens)}
for pairs in axes:
    positions = Axis.of(vectors, pairs).positions(vectors, words)  # ({len(tokens)},)
    print(pairs, dict(zip(words, positions.round(3).tolist())))"""
    theirs = f"""{spanned}
{named("words", have)}
{_UNIT}  # ({len(have)}, {vectors.dim})


def difference(pair):
    first, second = nn.functional.normalize({looked_up("pair")})  # ({vectors.dim},) each
    return first - second


for pairs in axes:
    axis = torch.stack([difference(pair) for pair in pairs]).mean(dim=0)  # ({vectors.dim},)
    positions = unit @ nn.functional.normalize(axis, dim=0)  # ({len(have)},)
    print(pairs, dict(zip(words, positions.tolist())))"""
    answers = have and not missing  # an axis of fewer pairs would be another axis
    return Block(vectors, ours, theirs if answers else "", list(dict.fromkeys([*built, *missing])))
