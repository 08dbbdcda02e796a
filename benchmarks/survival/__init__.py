"""The survival matrix of mail libraries and programs: python -m benchmarks.survival."""
