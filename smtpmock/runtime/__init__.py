"""Greenlets and sockets: the hub, the listener, session workers, TLS, the log."""
