"""How fast smtpmock is, and what it needs, next to its peers: `python -m benchmarks`."""
