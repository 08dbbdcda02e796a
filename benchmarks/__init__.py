"""The speed of smtpmock and its use of memory, next to its peers: `python -m benchmarks`."""
