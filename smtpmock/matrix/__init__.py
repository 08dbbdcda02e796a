"""The survival matrix: one scenario that sends mail, run once under each of many faults."""
