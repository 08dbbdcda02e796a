"""`Message` and `Session`, as users see them."""
