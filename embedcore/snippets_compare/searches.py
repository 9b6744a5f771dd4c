"""Lines that look through a whole set: neighbours, arithmetic, a word's page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from embedcore.errors import BadVectors
from embedcore.questions.neighborhoods import within as rows_within
from embedcore.snippets_compare.base import (
    NUMPY,
    Block,
    Lines,
    SetWords,
    code,
    directions,
    if_directed,
    in_file,
    lines,
    named,
    undirected,
    with_direction,
)
from embedcore.vectors import WordVectors

Term = tuple[float, str]  # a weight, and a word
ADD, MUL = "add", "mul"


def neighbors(
    sets: Sequence[SetWords], topn: int = 10, within: int | None = None, only: Sequence[str] | None = None
) -> Lines | None:
    """For each word the nearest: among all, among the `within` most frequent, among the words of `only`, or both."""
    directed = [(vectors, with_direction(vectors, tokens)) for vectors, tokens in sets]
    return lines(_neighbors(vectors, tokens, topn, within, only) for vectors, tokens in directed if tokens)


def _neighbors(
    vectors: WordVectors, tokens: Sequence[str], topn: int, within: int | None, only: Sequence[str] | None
) -> Block:
    have, built = in_file(vectors, tokens)
    odd = undirected(vectors)
    count = len(vectors) if within is None else min(within, len(vectors))
    candidates = rows = restrict = pick = ""
    place = "place"
    if only is not None:
        among = [vectors.tokens[row] for row in np.asarray(rows_within(vectors, within, only)).tolist()]
        count, candidates = len(among), named("only", among)
        rows = "rows = torch.tensor([stoi[word] for word in only])"
        restrict, pick, place = ", within=vectors.rows(only)", "[rows]", "rows[place]"
    elif count < len(vectors):
        restrict, pick = f", within={count}", f"[:{count}]"
    ours = f"""neighbors = vectors.most_similar_each(words, topn={topn}{restrict})
for word, near in zip(words, neighbors):
    print(word, [(one.word, round(one.similarity, 3)) for one in near])"""
    theirs = f"""neighbors = []
for word in words:
    best = (unit @ unit[stoi[word]]){pick}.topk({min(topn + 1 + odd, count)})  # the word itself may be among them
    near = zip(best.values.tolist(), best.indices.tolist())
    near = [(itos[{place}], cosine) for cosine, place in near{if_directed(place, odd)}]
    neighbors.append([one for one in near if one[0] != word][:{topn}])
    print(word, neighbors[-1])"""
    return Block(
        vectors,
        code(named("words", tokens), candidates, ours),
        code(named("words", have), candidates, rows, directions(vectors), theirs) if have and count else "",
        built,
    )


def expression(
    vectors_list: Sequence[WordVectors], terms: Sequence[Term], topn: int = 10, method: str = ADD,
    within: int | None = None,
) -> Lines | None:  # fmt: skip
    """The words nearest to a sum of words with weights, by 3CosAdd ("add") or 3CosMul ("mul").

    The words are as typed; each set spells them as it finds them. A set that does not have all of
    them has no lines, and neither has a question that cannot be asked of it.
    """
    blocks = []
    for vectors in vectors_list:
        spelt = [(weight, vectors.spelt(word)) for weight, word in terms]
        found = [(weight, token) for weight, token in spelt if token is not None]
        if len(found) == len(terms) and _stands(vectors, found, method):
            blocks.append(_expression(vectors, found, topn, method, within))
    return lines(blocks)


def _stands(vectors: WordVectors, terms: Sequence[Term], method: str) -> bool:
    """Whether a question has a direction, and something to multiply: it is asked of no row at all."""
    ask = vectors.most_similar_cosmul if method == MUL else vectors.most_similar
    try:
        ask([(word, weight) for weight, word in terms], within=0)
    except BadVectors:
        return False
    return True


def _expression(vectors: WordVectors, terms: Sequence[Term], topn: int, method: str, within: int | None) -> Block:
    asked = list(dict.fromkeys(word for _, word in terms))
    built, odd = in_file(vectors, asked)[1], undirected(vectors)
    plus = [(weight, word) for weight, word in terms if weight >= 0]  # one that cancels out is no answer either
    minus = [(weight, word) for weight, word in terms if weight < 0]
    call = "most_similar_cosmul" if method == MUL else "most_similar"
    given = ", ".join([_weighted(plus, 1), *([_weighted(minus, -1)] if minus else [])])
    count = len(vectors) if within is None else min(within, len(vectors))
    restrict, pick = (f", within={count}", f"[:{count}]") if count < len(vectors) else ("", "")
    ours = f"""answers = vectors.{call}({given}, topn={topn}{restrict})
for answer in answers:
    print(answer.word, round(answer.similarity, 3))"""
    theirs = f"""{directions(vectors)}
{_product(plus, minus) if method == MUL else _sum(terms)}
asked = {{{", ".join(map(repr, asked))}}}  # these are no answers
best = scores{pick}.topk({min(topn + len(asked) + odd, count)})
answers = zip(best.values.tolist(), best.indices.tolist())
answers = [(itos[row], score) for score, row in answers{if_directed("row", odd)}]
answers = [answer for answer in answers if answer[0] not in asked][:{topn}]
print(answers)"""
    return Block(vectors, ours, "" if built else theirs, built)


def _weighted(terms: Sequence[Term], own: int) -> str:
    """The words of one side as `most_similar` takes them: with their weights, where these are not the side's own."""
    return f"[{', '.join(repr(word) if weight == own else repr((word, weight)) for weight, word in terms)}]"


def _sum(terms: Sequence[Term]) -> str:
    """3CosAdd, with weights as gensim takes them.

    Levy and Goldberg, 2014, "Linguistic Regularities in Sparse and Explicit Word Representations",
    equation 3.
    """
    said = ""
    for weight, word in terms:
        sign = ("-" if weight < 0 else "") if not said else (" - " if weight < 0 else " + ")
        said += f"{sign}{'' if abs(weight) == 1 else f'{abs(weight)!r} * '}unit[stoi[{word!r}]]"
    return f"""question = {said}
scores = unit @ nn.functional.normalize(question, dim=0)  # cosines"""


def _product(plus: Sequence[Term], minus: Sequence[Term]) -> str:
    """3CosMul: the same, equation 4."""

    def product(terms: Sequence[Term]) -> str:
        each = [f"near({word!r})" + ("" if abs(weight) == 1 else f" ** {abs(weight)!r}") for weight, word in terms]
        return " * ".join(each) or "1"

    return f"""\n
def near(word):  # cosines with all words, moved to between 0 and 1
    return (1 + unit @ unit[stoi[word]]) / 2


scores = {product(plus)} / ({product(minus)} + 1e-6)"""


def word(vectors: WordVectors, token: str, topn: int = 10) -> Lines | None:
    """A word's row, its vector and the length of that, and its nearest words."""
    built, odd = in_file(vectors, [token])[1], undirected(vectors)
    has_neighbors = with_direction(vectors, [token]) != []
    ours = code(
        f"word = {token!r}",
        "" if built else "row = vectors.row(word)  # counted from 0",
        f"vector = vectors.vector(word)  # ({vectors.dim},)",
        "length = np.linalg.norm(vector)",
        "print(length, vector)" if built else "print(row, length, vector)",
    )
    theirs = f"""word = {token!r}
row = stoi[word]  # counted from 0
vector = embedding(torch.tensor(row))  # ({vectors.dim},)
length = vector.norm().item()
print(row, length, vector)"""
    if has_neighbors:
        ours += f"""

neighbors = vectors.most_similar(word, topn={topn})
print([(one.word, round(one.similarity, 3)) for one in neighbors])"""
        theirs += f"""

{directions(vectors)}
best = (unit @ unit[row]).topk({min(topn + 1 + odd, len(vectors))})  # itself among them
near = zip(best.values.tolist(), best.indices.tolist())
near = [(itos[row], cosine) for cosine, row in near{if_directed("row", odd)}]
neighbors = [one for one in near if one[0] != word][:{topn}]
print(neighbors)"""
    return lines([Block(vectors, ours, "" if built else theirs, built)], NUMPY)
