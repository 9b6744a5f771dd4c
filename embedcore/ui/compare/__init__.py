"""The Compare page: one question about words at a time, on one vector set or on two.

`page` is the frame; `controls` the inputs, which are also what a link says; `sets`, `words` and
`completion` what every question begins with; `sharing` what can be taken away from an answer; and one
module for each question.
"""
