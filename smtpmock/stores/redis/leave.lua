-- End the lease of a server, and its sessions. ARGV: server.
redis.call('ZADD', P .. 'leases', 0, ARGV[1])
bury()
return 1
