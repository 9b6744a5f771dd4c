"""Transfer: the same small classifier on an embedding from scratch, a frozen and a tuned one.

A person's own labelled texts are read (`reading`), judged (`problems`), split (`splitting`) and
turned into integers (`encoding`); what learns from them stands in the other modules.
"""
