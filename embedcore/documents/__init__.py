"""Documents: files of several kinds and encodings, read as text.

What was found out about a file is said, and can be put right by `Choices`. Splitting the text
into tokens belongs in `text`.
"""

from embedcore.documents.choices import ENCODINGS, WHOLE_LINES, Choices
from embedcore.documents.reading import (
    EXTENSIONS,
    Document,
    OpenDocument,
    open_document,
    paragraphs,
    read_blocks,
    read_document,
)

__all__ = [
    "ENCODINGS",
    "EXTENSIONS",
    "WHOLE_LINES",
    "Choices",
    "Document",
    "OpenDocument",
    "open_document",
    "paragraphs",
    "read_blocks",
    "read_document",
]
