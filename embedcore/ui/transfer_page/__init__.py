"""The Transfer page: whether pre-trained vectors help on somebody's own labelled texts.

`page` is its frame; `form` asks for an experiment, `run_view` shows one.
"""
