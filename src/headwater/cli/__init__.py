"""Level 7: the command line. It parses, prints and asks; every rule is further down."""
