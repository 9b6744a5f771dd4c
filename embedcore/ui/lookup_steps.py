"""The Train page's steps between vocabulary and training: integers, and the look-up table."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import numpy as np
import streamlit as st

from embedcore import lookup, snippets
from embedcore.errors import EmbedcoreError
from embedcore.figures_lookup import integers as above_integers
from embedcore.figures_lookup import lookup_table
from embedcore.text import TOKENIZERS, split_sentences
from embedcore.training import TrainConfig
from embedcore.ui import code, keys, messages, resources, start_choice
from embedcore.ui.start_choice import Start
from embedcore.ui.text_choice import ChosenText
from embedcore.ui.words import counted, plain
from embedcore.vocab import PAD_INDEX, UNK_INDEX, Vocab

_SUGGESTED_TOKENS = 12  # of a line of the text, as the sentence to begin with
_STRANGER = "daily"  # ends the second sentence where the text has only one line; most texts lack it
_MOST_NUMBERS = 20_000_000  # of a table that the page draws
_FEW_NUMBERS = 100  # fit on the page without being asked for
_PRINTED_NUMBERS = 1_000  # PyTorch prints a larger table only in part


def integers(vocab: Vocab, chosen: ChosenText) -> list[list[str]]:
    """Two sentences as integers and as one padded batch; their tokens."""
    split = TOKENIZERS[chosen.tokenizer]
    st.write("Any sentence becomes integers. A word that the table does not have becomes 0.")
    first, second = _suggested(chosen)
    columns = st.columns(2)
    typed = [
        columns[0].text_input("A sentence", placeholder=first, key=keys.SENTENCE, bind="query-params"),
        columns[1].text_input("Another one", placeholder=second, key=keys.OTHER_SENTENCE, bind="query-params"),
    ]
    # Composed as the text is, so that a word typed in another way is the same word.
    asked = [normalize("NFC", text or "").strip() for text in typed]
    sentences = [split(text or other) for text, other in zip(asked, (first, second), strict=True)]
    ids = [vocab.encode(sentence) for sentence in sentences]
    unknown = [token for sentence in sentences for token in sentence if vocab.stoi.get(token, 0) == UNK_INDEX]
    for column, which, sentence, row in zip(columns, ("first", "second"), sentences, ids, strict=True):
        column.dataframe(
            above_integers([sentence], [row]), alt=f"The tokens of the {which} sentence above their integers"
        )
    if unknown:
        st.caption(f"Not in the vocabulary, so 0: {', '.join(plain(word, 40) for word in dict.fromkeys(unknown))}.")
    batch = lookup.pad_batch(ids)
    st.write(
        f"A network reads many sentences at once, so they are made equally long: the shorter one is filled up with "
        f"`<pad>`, which is {PAD_INDEX}. The two become one batch of shape **{batch.shape}**."
    )
    st.dataframe(above_integers(sentences, batch), alt="Both sentences as one padded batch")
    return sentences


def _suggested(chosen: ChosenText) -> tuple[str, str]:
    """Two sentences to begin with, of different length."""
    lines = [words for line in split_sentences(chosen.text[:20_000]) if (words := line.split()[:_SUGGESTED_TOKENS])]
    first = lines[0] if lines else [_STRANGER]
    other = next((line for line in lines if len(line) != len(first)), [*first[: max(1, len(first) // 2)], _STRANGER])
    return " ".join(first), " ".join(other)


def table(
    vocab: Vocab, config: TrainConfig, sentences: list[list[str]], why_small: str, start: Start | None = None
) -> None:
    """The weight that training starts from, the very bits, and what a look-up in it gives."""
    shape = (len(vocab), config.dim)
    st.markdown(
        f"`nn.Embedding({len(vocab)}, {config.dim}, padding_idx={PAD_INDEX})` is a table of shape **{shape}**: "
        "a row for each integer. This is the weight that training will start from."
    )
    if start is not None:
        start_choice.show_coverage(start)
    elif config.init == "uniform":
        st.caption(why_small)
    with messages.problems():
        config.check(resources.settings(), vocab_size=len(vocab))
        if len(vocab) * config.dim > _MOST_NUMBERS:
            st.caption(
                f"With {len(vocab) * config.dim:,} numbers this table is too large to draw here; it trains as any."
            )
            return
        if start is None:
            weight = resources.first_weight(len(vocab), config.dim, config.seed, str(config.init))
        else:
            weight = start.weight(config)
        _draw(vocab, weight, sentences, learns=not (start and start.all_frozen))
    with code.beside():
        if start is None:
            code.lines(snippets.embedding(len(vocab), config.dim, config.seed, str(config.init)))
        else:
            code.lines(start.code(config))
        try:
            code.lines(snippets.look_up(sentences, vocab_size=len(vocab), dim=config.dim))
        except EmbedcoreError as error:
            st.caption(plain(str(error)))


def _draw(
    vocab: Vocab, weight: np.ndarray[Any, np.dtype[np.float32]], sentences: list[list[str]], *, learns: bool
) -> None:
    ids = vocab.encode(sentences[0])
    figure = lookup_table(vocab.itos, weight, ids, dark=resources.dark())
    st.echarts_chart(
        figure.options, key=keys.TABLE_CHART, height=figure.height,
        alt=f"The look-up table of shape {weight.shape} as coloured cells; the rows of the sentence are marked",
    )  # fmt: skip
    if figure.left_out:
        st.caption(figure.left_out)
    if ids:
        vectors = lookup.look_up(weight, ids)
        st.markdown(f"Looking up the first sentence picks the marked rows: dense vectors of shape **{vectors.shape}**.")
        few = vectors.size <= _FEW_NUMBERS
        with st.container() if few else st.expander(f"These {vectors.size:,} numbers, as PyTorch prints them"):
            st.code(lookup.as_torch_prints(vectors), language=None)
        hot = (len(ids), len(vocab))
        st.caption(
            f"The same as multiplying one-hot rows {hot} with the table: the largest difference, computed just now, is "
            f"{lookup.one_hot_difference(weight, ids):g}."
        )
    st.caption(
        f"The row of <pad> is all zeros (its largest number is {np.abs(weight[PAD_INDEX]).max():g}), and stays so: "
        "padding_idx keeps it from learning."
    )
    if weight.size <= _PRINTED_NUMBERS:
        with st.expander(f"All {counted(weight.size, 'number')} of the table, as PyTorch prints them"):
            grad = ("requires_grad=True",) if learns else ()
            st.code("Parameter containing:\n" + lookup.as_torch_prints(weight, *grad), language=None)
