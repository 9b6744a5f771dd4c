"""A run was started: on to its page, which is seen from its top after a change of page."""

from embedcore.ui import run_pages

run_pages.go_on()
