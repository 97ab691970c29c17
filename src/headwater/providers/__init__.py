"""Level 4: the outside. One file per vendor: what it declares, how it is asked, how its answers are read."""
