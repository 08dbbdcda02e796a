"""The stored facts: exchanges, transactions, sessions."""
