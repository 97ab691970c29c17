"""Level 6: whole jobs. ``run`` is the spine: the only file that knows the order of the stages."""
