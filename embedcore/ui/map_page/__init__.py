"""The Map page: the words of a set, or of two, laid out in two or three dimensions.

`page` is the frame; `asked` the inputs that say which map; `making` gets it, at once or by a run; `coloring`,
`finding`, `picked` and `trust` are what one does with it, `away` what can be taken from it, and `kept` lists the maps
that are there. Its inputs come from `asking`, the chart is `map_view`.
"""
