"""`python -m trigger_nn` is `trigger-nn`."""

from trigger_nn.cli import main

main()
