"""Compare: how close words are to each other in a vector set."""

import streamlit as st

from embedcore.ui import compare, messages

st.title("Compare words")
with messages.problems():
    vectors = compare.choose_vectors()
    words = compare.choose_words(vectors)
    compare.show_similarity(vectors, words)
    compare.show_neighbors(vectors, words)
    compare.show_vectors(vectors, words)
