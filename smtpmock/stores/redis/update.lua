-- Change read flags and tags. ARGV: '1', '0' or '' to leave the flag, tags as JSON or '' to leave them, ids.
-- Returns the number of those that were there.
local updated = {}
for place = 3, #ARGV do
  local number = redis.call('HGET', P .. 'ids', ARGV[place])
  if number then
    local old = redis.call('HGET', P .. 'tags', number) or '0[]'
    local flag = ARGV[1] == '' and string.sub(old, 1, 1) or ARGV[1]
    local tags = ARGV[2] == '' and string.sub(old, 2) or ARGV[2]
    redis.call('HSET', P .. 'tags', number, flag .. tags)
    touch('m', number)
    updated[#updated + 1] = ARGV[place]
  end
end
if #updated > 0 then tell('message', 'updated', updated) end
return #updated
