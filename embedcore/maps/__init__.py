"""Maps: a whole vector set, or many words of it, laid out in two or three dimensions.

Here belongs everything between a question ("these words of this set, by UMAP, in 3-D") and a
finished map on disk: what is asked (`request`), which points that means (`selection`,
`alignment`), who is near whom (`neighbors`), how points are laid out (`layouts`), how far the
result can be trusted (`honesty`), how it falls into groups (`groups`, `clusters`), what a word has around it
(`finding`), the numbers behind its colours (`shading`), where it is kept (`store`), and what of it goes
into files and sets of their own (`table`, `part`). What a map looks like belongs to the figures, doing it in
a worker to `runs`.

Nothing is imported from here: whoever lays out needs large libraries, whoever only asks or opens does not.
"""
