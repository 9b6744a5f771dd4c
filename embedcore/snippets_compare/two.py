"""Lines that hold two sets against each other: how far the neighbours of words are the same."""

from __future__ import annotations

from collections.abc import Sequence

from embedcore.snippets import listed
from embedcore.snippets_compare.base import (
    OURS,
    TORCH,
    Lines,
    code,
    directions,
    finished,
    if_directed,
    in_file,
    name,
    not_in_file,
    opened,
    undirected,
    with_direction,
)
from embedcore.vectors import WordVectors

Pair = tuple[str, str]  # a word as each set spells it


def overlap(
    first: WordVectors, second: WordVectors, words: Sequence[str | Pair], topn: int = 10, among: int | None = None
) -> Lines | None:
    """For words that two sets have: how many of their nearest words, among those that both have, are the same.

    A pair says how each set spells a word. `among` looks among the so many most frequent of the
    shared words.
    """
    typed = [(word, word) if isinstance(word, str) else word for word in words]
    found = [(first.spelt(one), second.spelt(other)) for one, other in typed]
    pairs = [(one, other) for one, other in found if one is not None and other is not None]
    pairs = [pair for pair in pairs if with_direction(first, pair[:1]) and with_direction(second, pair[1:])]
    if not pairs:
        return None
    return Lines(_with_embedcore(first, second, pairs, topn, among), _with_torch(first, second, pairs, topn, among))


def _with_embedcore(
    first: WordVectors, second: WordVectors, pairs: Sequence[Pair], topn: int, among: int | None
) -> str:
    within = "" if among is None else f", shared=shared, within=shared.rows({among})"
    imports = code(OURS, f"from embedcore.questions.overlap import compare{'' if among is None else ', shared_words'}")
    lines = code(
        f"first, second = open_vectors({name(first)!r}), open_vectors({name(second)!r})",
        _named(pairs),
        "" if among is None else "shared = shared_words(first, second)",
        f"compared = compare(first, second, words, topn={topn}{within})",
        "for one in compared:",
        "    print(one.words[0], one.common, round(one.jaccard, 3), round(one.second_order, 3))",
    )
    return finished(imports, lines)


def _with_torch(first: WordVectors, second: WordVectors, pairs: Sequence[Pair], topn: int, among: int | None) -> str:
    built = {*in_file(first, [pair[0] for pair in pairs])[1]}, {*in_file(second, [pair[1] for pair in pairs])[1]}
    have = [pair for pair in pairs if pair[0] not in built[0] and pair[1] not in built[1]]
    missing = not_in_file([one for one, other in pairs if one in built[0] or other in built[1]])
    beginning = finished(TORCH, opened(first, "first_"), opened(second, "second_"), missing)
    if not have:
        return beginning
    odd = max(undirected(first), undirected(second))
    return f"""{beginning}
{_shared(first, second, among)}
{directions(first, "first_")}
{directions(second, "second_")}
first_shared, second_shared = first_unit[first_rows], second_unit[second_rows]  # (S, D) each


def nearest(unit, shared, rows, row):  # the cosines with all shared words, and the places of the nearest among these
    cosines = shared @ unit[row]
    best = cosines.topk(min({topn + 1 + odd}, len(rows))).indices.tolist()
    best = [place for place in best if rows[place] != row]
    return cosines, [place for place in best{if_directed("rows[place]", odd)}][:{topn}]


{_named(have)}
compared = []
for one, other in words:
    here, near = nearest(first_unit, first_shared, first_rows, first_stoi[one])
    there, also_near = nearest(second_unit, second_shared, second_rows, second_stoi[other])
    both, either = {{*near}} & {{*also_near}}, sorted({{*near}} | {{*also_near}})
    second_order = nn.functional.cosine_similarity(here[either], there[either], dim=0).item()
    jaccard = len(both) / len(either) if either else float("nan")
    compared.append((one, len(both), jaccard, second_order))
    print(*compared[-1])
"""


def _named(pairs: Sequence[Pair]) -> str:
    return f"words = {listed(map(repr, pairs))}  # as each set spells them"


def _shared(first: WordVectors, second: WordVectors, among: int | None) -> str:
    """Lines that find the words of both sets, and their rows in each."""
    sides = ["first_stoi", "second_stoi"]
    folded = cut = ""
    if first.lowercased != second.lowercased:
        cased = 1 if first.lowercased else 0
        sides[cased] = "folded"
        folded = f"""# One set has only lower-case words; of a word's spellings in the other, the most frequent counts.
folded = {{}}
for row, word in enumerate({("first", "second")[cased]}_itos):
    folded.setdefault(word.lower(), row)
"""
    small, large = sides if len(first) <= len(second) else sides[::-1]
    if among is not None:
        cut = f"""shared.sort(key=lambda word: ({sides[0]}[word] + 1) * ({sides[1]}[word] + 1))  # frequent in both
del shared[{among}:]
"""
    return f"""{folded}shared = [word for word in {small} if word in {large}]
{cut}first_rows = torch.tensor([{sides[0]}[word] for word in shared])
second_rows = torch.tensor([{sides[1]}[word] for word in shared])
"""
