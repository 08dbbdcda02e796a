-- Begin to use the store. ARGV: format, token for a new store, the last numbers that this process knows.
-- Returns the format, the token of the store, its time in ms.
if redis.call('HSETNX', STATE, 'token', ARGV[2]) == 1 then
  redis.call('HSET', STATE, 'format', ARGV[1], 'last', ARGV[3], 'last_session', ARGV[4], 'seq', 0)
end
local found = redis.call('HMGET', STATE, 'format', 'token')
return {found[1], found[2], now_ms()}
