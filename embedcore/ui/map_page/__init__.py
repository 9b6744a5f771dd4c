"""The Map page: the words of a set, or of two, laid out in two or three dimensions.

`page` is the frame. `asked` has the inputs that say which map, `run_link` takes them from a run, `making` gets it, at
once or by a run that `offering` offers and `following` follows; `chart` draws it, and `naming` says what it is.
`finding` and `telling`, `coloring` and `grouped`, `picked` and `trust` are what one does with it, `away` and
`linking` what can be taken from it, and `kept` lists the maps that are there. Its inputs come from `asking`, the
drawing is `map_view`.
"""
