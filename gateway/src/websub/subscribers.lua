-- The subscribers of a topic whose leases haven't ended, on Redis' clock; the others are forgotten.
--
-- KEYS  [1] the subscribers of a topic, as change.lua keeps them.
-- reply the subscribers, each as it was given.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', KEYS[1])
local found = {}
for at = 1, #all, 2 do
  local ends, subscriber = string.match(all[at + 1], '^(%d+) (.*)$')
  if ends and tonumber(ends) > now then
    found[#found + 1] = subscriber
  else
    redis.call('HDEL', KEYS[1], all[at])
  end
end
return found
