"""Transfer: do pre-trained vectors help on somebody's own labelled texts?"""

from embedcore.ui.transfer_page import page

page.show()
