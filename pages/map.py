"""Map: the words of a vector set, or of two, laid out to be seen."""

from embedcore.ui.map_page import page

page.show()
