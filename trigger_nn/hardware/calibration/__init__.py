"""What the estimates' constants are fitted on: networks made for the purpose, written as RTL and synthesised."""
