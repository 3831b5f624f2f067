"""Races: ours and the peers side by side, in turn, in one run. Ratios are what counts; `make bench` prints them."""
