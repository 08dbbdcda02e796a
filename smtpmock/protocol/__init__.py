"""SMTP without sockets, clocks, threads or gevent: bytes in, actions out."""
