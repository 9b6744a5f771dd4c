"""What every page that asks something of vector sets begins with, and what can be taken away from it.

`controls` has the inputs, which are also what a link says; `sets`, `words`, `picker`, `completion`, `directions`
and `spanning` find what was typed in the sets; `sharing` and `framing` hand out links; `tables` shows words, and
`remembered` keeps answers. No question of its own is asked here: those are in `compare` and `map_page`.
"""
