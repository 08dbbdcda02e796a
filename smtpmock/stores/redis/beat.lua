-- Renew the lease of a server. ARGV: server, version of the rules that it has.
-- Returns the token of the store ('' if it is new), the version of the rules, and the length of the lease in ms.
redis.call('ZADD', P .. 'leases', now_ms() + LEASE, ARGV[1])
redis.call('HSET', P .. 'acks', ARGV[1], ARGV[2])
bury()
return {redis.call('HGET', STATE, 'token') or '', tonumber(redis.call('HGET', STATE, 'rules') or 0), LEASE}
