"""The mailbox, with which tests read, wait, assert and explain, and the backends that it asks."""
