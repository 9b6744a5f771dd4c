"""The only part that imports Streamlit: cached resources, session and URL state, components."""
