"""Compare: questions about words, asked of one vector set or of two."""

from embedcore.ui.compare import page

page.show()
