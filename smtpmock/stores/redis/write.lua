-- Write what sessions did, one write after the other. Doing it twice is the same as doing it once.
-- ARGV: for each write the number of its arguments, then these: "server, session id ('-' for none), number of the first
-- exchange among all of the session, number of the exchanges, most messages and bytes, time of the end (nothing while it
-- is open)", origin ('' if the store has it), the exchanges, then operations:
--   n, negotiated, user | o, observations | e, erasures
--   "a id accepted size received deadline (ms of the store)", record, raw: add, unless it is there
--   "m id accepted size", record, raw ('' if it is the same): amend
--   "d id": erase
-- Returns for each write the results of the last three, with a space between them, and a comma after each write but the
-- last: the number of the record, 0 if it was purged, -1 if it came too late; for d 1 or 0. If the store is new and has to
-- be prepared first: -2.
local is_unprepared = redis.call('HEXISTS', STATE, 'token') == 0

-- What was added, until it is stored all at once: a call of Redis takes 1 to 2 us, and a message would need 11 more.
local MOST_HELD = 1000
local recs, raws, metas, live, changed, told, held_bytes, last = {}, {}, {}, {}, {}, {}, 0, nil
local bounds -- the most messages and bytes, if there may be too many

local function tell_added(one) tell('message', 'added', {one[1]}, one[2], one[3]) end

local function store_added()
  if #recs > 0 then
    redis.call('HSET', P .. 'rec', unpack(recs))
    redis.call('HSET', P .. 'raw', unpack(raws))
    redis.call('HSET', P .. 'meta', unpack(metas))
    redis.call('ZADD', P .. 'live', unpack(live))
    redis.call('ZADD', P .. 'm:changed', unpack(changed))
    redis.call('HSET', STATE, 'last', last)
    redis.call('HINCRBY', STATE, 'bytes', held_bytes)
    for place = 1, #told - 1 do tell_added(told[place]) end
  end
  if bounds then hold_bounds(bounds[1], bounds[2]) end
  if #told > 0 then tell_added(told[#told]) end -- after what made place for it
  recs, raws, metas, live, changed, told, held_bytes, bounds = {}, {}, {}, {}, {}, {}, 0, nil
end

local function hold(list, field, value)
  list[#list + 1] = field
  list[#list + 1] = value
end

local function write(place, last_place)
  local server, sid, first_text, count, most, bytes, ended =
    string.match(ARGV[place], '^(%S+) (%S+) (%d+) (%d+) (%d+) (%d+) (%S*)$')
  local origin = ARGV[place + 1]
  local first = tonumber(first_text)
  count, most, bytes = tonumber(count), tonumber(most), tonumber(bytes)
  local key, dialogue = session_key(sid), dialogue_key(sid)
  local session_number, have, forgotten, ended_by, purged
  local is_touched = false
  local news = {} -- fields of the session

  if sid ~= '-' then
    local fields = redis.call('HMGET', key, 'number', 'count', 'forgotten', 'ended_by', 'purged')
    session_number, have, forgotten, ended_by, purged = fields[1], fields[2], fields[3], fields[4], fields[5]
    if not session_number and origin ~= '' then
      session_number = tostring(redis.call('HINCRBY', STATE, 'last_session', 1))
      redis.call('HSET', key, 'number', session_number, 'origin', origin, 'server', server,
        'forgotten', first, 'count', first, 'lost', 0)
      have, forgotten = first, first
      redis.call('ZADD', P .. 'open', session_number, sid)
      redis.call('SADD', P .. 'open:' .. server, sid)
      redis.call('ZADD', P .. 'leases', 'NX', now_ms() + LEASE, server)
      is_touched = true
      tell('session', 'began', {sid})
    elseif ended_by == 'lease' then -- the server was only slow
      redis.call('HINCRBY', STATE, 'ended_facts', 0 - count_exchanges(sid))
      redis.call('HDEL', key, 'ended', 'ended_by')
      redis.call('ZREM', P .. 'ended', sid)
      redis.call('ZADD', P .. 'open', session_number, sid)
      redis.call('SADD', P .. 'open:' .. server, sid)
      ended_by = false
      is_touched = true
    end
  end
  local has_session = session_number and true or false

  if has_session and count > 0 and first + count > tonumber(have) then
    if first > tonumber(have) then -- what came before is lost
      redis.call('HINCRBY', key, 'lost', redis.call('LLEN', dialogue))
      redis.call('DEL', dialogue)
      redis.call('HSET', key, 'forgotten', first)
      forgotten = first
    end
    redis.call('RPUSH', dialogue, first_text .. ':' .. ARGV[place + 2])
    have = first + count
    hold(news, 'count', have)
    is_touched = true
  end

  if has_session and most > 0 and have - tonumber(forgotten) > (ended == '' and 11 or 10) * most then -- not at each write
    forgotten = have - 10 * most
    redis.call('HSET', key, 'forgotten', forgotten)
    while true do -- drop whole pieces; readers leave out the rest
      local piece = redis.call('LINDEX', dialogue, 1)
      if not piece or tonumber(string.match(piece, '^(%d+):')) > forgotten then break end
      redis.call('LPOP', dialogue)
      redis.call('HINCRBY', key, 'lost', 1)
    end
    is_touched = true
  end

  local function put(id, flags, size, record, raw)
    store_added()
    local number = redis.call('HGET', P .. 'ids', id)
    local old = redis.call('HGET', P .. 'meta', number)
    local old_size, old_flags, session, stored = string.match(old, '^%S+ %S+ (%d+) (%S+) (%d+) (%S+)$')
    redis.call('HSET', P .. 'rec', number, record)
    redis.call('HSET', P .. 'meta', number, table.concat({id, sid, size, flags, session, stored}, ' '))
    if raw ~= '' or size == '0' then
      redis.call('HSET', P .. 'raw', number, raw)
      redis.call('HINCRBY', STATE, 'bytes', tonumber(size) - tonumber(old_size))
    end
    touch('m', number)
    local is_new = flags == '1' and old_flags == '0'
    tell('message', is_new and 'accepted' or 'amended', {id}, number, flags == '1')
    return tonumber(number)
  end

  local function add(id, flags, size, record, raw, received, deadline)
    if purged == id then return 0 end
    local is_late = deadline > 0 and now_ms() > deadline
    if sid == '-' or is_late then
      local known = redis.call('HGET', P .. 'ids', id)
      if known then return tonumber(known) end
    end
    if sid == '-' then
      if done_before(id) then return 0 end
      note_done(id, 1)
    end
    if is_late then return -1 end
    last = last or tonumber(redis.call('HGET', STATE, 'last') or 0)
    if redis.call('HSETNX', P .. 'ids', id, last + 1) == 0 then return tonumber(redis.call('HGET', P .. 'ids', id)) end
    last = last + 1
    hold(recs, last, record)
    hold(raws, last, raw)
    hold(metas, last, table.concat({id, sid, size, flags, session_number or '0', received}, ' '))
    hold(live, last, last)
    hold(changed, next_change(), last)
    told[#told + 1] = {id, last, flags == '1'}
    held_bytes = held_bytes + tonumber(size)
    if most > 0 or bytes > 0 then bounds = {most, bytes} end
    if has_session then hold(news, 'last_id', id) end
    if #recs >= MOST_HELD then store_added() end
    return last
  end

  local results = {}
  place = place + 3
  while place <= last_place do
    local kind = string.sub(ARGV[place], 1, 1)
    if kind == 'n' then
      if has_session then
        local before, user = redis.call('HGET', key, 'user'), ARGV[place + 2]
        if before and before ~= user then redis.call('ZREM', P .. 'login:' .. before, sid) end
        redis.call('HSET', key, 'n', ARGV[place + 1])
        if user ~= '' then
          redis.call('HSET', key, 'user', user)
          redis.call('ZADD', P .. 'login:' .. user, '+inf', sid)
        elseif before then
          redis.call('HDEL', key, 'user')
        end
        is_touched = true
      end
      place = place + 3
    elseif kind == 'o' or kind == 'e' then
      if has_session then
        redis.call('HSET', key, kind, ARGV[place + 1])
        is_touched = true
      end
      place = place + 2
    elseif kind == 'a' then
      local id, flags, size, received, deadline = string.match(ARGV[place], '^a (%S+) (%d) (%d+) (%S+) (%d+)$')
      results[#results + 1] = add(id, flags, size, ARGV[place + 1], ARGV[place + 2], received, tonumber(deadline))
      place = place + 3
    elseif kind == 'm' then
      local id, flags, size = string.match(ARGV[place], '^m (%S+) (%d) (%d+)$')
      local known = redis.call('HEXISTS', P .. 'ids', id) == 1
      results[#results + 1] = known and put(id, flags, size, ARGV[place + 1], ARGV[place + 2]) or 0
      place = place + 3
    else
      store_added()
      local id = string.sub(ARGV[place], 3)
      local number = redis.call('HGET', P .. 'ids', id)
      if number then
        take(number)
        tell('purge', 'erased', {id})
      end
      results[#results + 1] = number and 1 or 0
      place = place + 1
    end
  end

  if #news > 0 then redis.call('HSET', key, unpack(news)) end
  if has_session and ended ~= '' and not ended_by then
    end_session(sid, server, ended, 'client')
  elseif is_touched then
    touch('s', sid)
  end
  if ended ~= '' then bounds = {most, bytes} end
  return table.concat(results, ' ')
end

local answers, place = {}, 1
while place <= #ARGV do
  local last_place = place + tonumber(ARGV[place])
  answers[#answers + 1] = is_unprepared and '-2' or write(place + 1, last_place)
  place = last_place + 1
end
store_added()
return table.concat(answers, ',')
