-- Return the number of live servers that do not have a version of the rules yet. ARGV: the version.
bury()
local behind = 0
for _, server in ipairs(redis.call('ZRANGE', P .. 'leases', 0, -1)) do
  if tonumber(redis.call('HGET', P .. 'acks', server) or 0) < tonumber(ARGV[1]) then behind = behind + 1 end
end
return behind
