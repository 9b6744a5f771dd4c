"""Home: what this is, the two ways in, recent runs and the sets at hand."""

from embedcore.ui import home

home.introduction()
home.doors()
home.recent_runs()
home.sets_at_hand()
