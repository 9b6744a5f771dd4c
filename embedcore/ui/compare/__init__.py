"""The Compare page: one question about words at a time, on one vector set or on two.

`page` is the frame; there is one module for each question. Its inputs come from `asking`.
"""
