-- Renew the lease of a server. ARGV: server, version of the rules that it has.
-- Returns the version of the rules (-1 if the store has to be prepared first), and the length of the lease in ms.
if redis.call('HEXISTS', STATE, 'token') == 0 then return {-1, 0} end
redis.call('ZADD', P .. 'leases', now_ms() + LEASE, ARGV[1])
redis.call('HSET', P .. 'acks', ARGV[1], ARGV[2])
bury()
return {tonumber(redis.call('HGET', STATE, 'rules') or 0), LEASE}
