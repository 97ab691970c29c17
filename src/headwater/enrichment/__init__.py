"""Level 5: the waterfall. What to ask next and when to stop; lanes that ask it, one per vendor account."""
