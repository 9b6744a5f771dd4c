"""The Train page: which objective learns the vectors, and what each of them is.

Here belongs the choice and its explanation. What there is to choose from is in `training.objectives`.
"""

from __future__ import annotations

import streamlit as st

from embedcore import snippets
from embedcore.first_batch import first_batch, first_contexts
from embedcore.training import OBJECTIVES, TrainConfig
from embedcore.training.corpus import Corpus
from embedcore.ui import keys, links

_DEFAULT = TrainConfig().objective


def rules() -> dict[str, links.Rule]:
    """What a link may say about the objective."""
    return {keys.OBJECTIVE: links.OneOf(OBJECTIVES)}


def chosen() -> str:
    """The objective as it stands, for what is drawn above the choice."""
    name = st.session_state.get(keys.OBJECTIVE) or st.query_params.get(keys.OBJECTIVE)
    return name if name in OBJECTIVES else _DEFAULT


def choose() -> str:
    """Choose one, each with its two sentences; its formula and source below.

    The link is kept here: bound by Streamlit, it would name an objective by its label.
    """
    if keys.OBJECTIVE not in st.session_state:
        st.session_state[keys.OBJECTIVE] = chosen()
    name = st.radio(
        "What is learned",
        list(OBJECTIVES),
        format_func=lambda name: OBJECTIVES[name].label,
        captions=[objective.about for objective in OBJECTIVES.values()],
        key=keys.OBJECTIVE,
    )
    if name == _DEFAULT:
        st.query_params.pop(keys.OBJECTIVE, None)
    else:
        st.query_params[keys.OBJECTIVE] = name
    objective = OBJECTIVES[name]
    with st.expander("Its formula and source", icon=":material/function:"):
        st.write(f"The loss of one {objective.unit}, which training makes small:")
        st.latex(objective.formula)
        st.caption(objective.symbols)
        st.caption(f"Source: {objective.source}.")
    return str(name)


def step_code(corpus: Corpus, config: TrainConfig, vocab_size: int) -> str:
    """One step of the chosen objective in PyTorch, with the run's own first batch.

    Raises TrainingProblem if there is nothing to learn from.
    """
    if config.objective == "next-word":
        batch = first_contexts(corpus, config)
        return snippets.next_word_step(batch, vocab_size=vocab_size, dim=config.dim, seed=config.seed)
    step = snippets.cbow_step if config.objective == "cbow" else snippets.skipgram_step
    return step(first_batch(corpus, config), vocab_size=vocab_size, dim=config.dim)
