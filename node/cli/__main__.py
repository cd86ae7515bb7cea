"""`python -m node.cli`: the command line where the script `commonwatt` is not on the path."""

from node.cli import main

main()
