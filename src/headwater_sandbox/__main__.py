"""`python -m headwater_sandbox` is the same as the `headwater-sandbox` command."""

from headwater_sandbox.main import main

main()
