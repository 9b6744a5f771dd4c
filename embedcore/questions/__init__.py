"""What is worked out to answer a question about words: arithmetic, axes, orders, overlaps, spellings.

Here belongs everything that the Compare page asks beyond looking up and searching, which belong
to `vectors` and `search`; no module here draws anything. Each question has its module, and a
module imports from those below it only.
"""
