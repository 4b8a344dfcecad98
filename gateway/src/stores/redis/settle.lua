-- Settles claims against ledgers: the twin of settle() in limits/ledger.ts, which is the specification. A differential
-- test holds both to the same answers and the same ledgers.
--
-- KEYS  one ledger per claim: a hash that expires with its window. Fields: window (its start, ms), used (units handed
--       out), and per gateway h:<gateway> (units held) and s:<gateway> (the newest seq).
-- ARGV  [1] the time in ms, or '' for the server's clock; then nine for each claim: windowMs, starts ('aligned' or
--       'first-request'), quota, gateway, seq, window ('' for none), held, want, atLeast.
-- reply five integers for each claim: 1 granted or 0 stale, window, granted, used, endsInMs.
--
-- Numbers become text by '%.0f' only: tostring and '..' would round them to 14 digits.

local argsPerClaim = 9

local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
else
  now = tonumber(ARGV[1])
end

local function whole(number)
  return string.format('%.0f', number)
end

local reply = {}
local function answer(outcome, window, granted, used, endsInMs)
  local n = #reply
  reply[n + 1], reply[n + 2], reply[n + 3], reply[n + 4], reply[n + 5] = outcome, window, granted, used, endsInMs
end

for i, key in ipairs(KEYS) do
  local at = 2 + (i - 1) * argsPerClaim
  local windowMs, starts, quota = tonumber(ARGV[at]), ARGV[at + 1], tonumber(ARGV[at + 2])
  local gateway, seq = ARGV[at + 3], tonumber(ARGV[at + 4])
  local claimed, held = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  local want, atLeast = tonumber(ARGV[at + 7]), tonumber(ARGV[at + 8])
  local heldField, seqField = 'h:' .. gateway, 's:' .. gateway

  local function isOpen(start)
    return math.abs(now - start) < windowMs
  end

  -- 1: the ledger whose window runs now, or an empty one in the claim's window when this store has lost that window.
  local stored = redis.call('HMGET', key, 'window', 'used', heldField, seqField)
  local window, used = tonumber(stored[1]), tonumber(stored[2])
  local believed, seen = tonumber(stored[3]), tonumber(stored[4])
  local exists = window ~= nil
  if window and not isOpen(window) then window = nil end
  if claimed and isOpen(claimed) and (not window or claimed > window) then
    window, used, believed, seen = claimed, 0, nil, nil
    if exists then redis.call('DEL', key) end
    exists = true
  elseif not window then
    window = starts == 'aligned' and now - now % windowMs or now
    used, believed, seen = 0, nil, nil
    if exists then redis.call('DEL', key) end
    exists = false
  end
  local endsInMs = window + windowMs - now

  if seen and seq <= seen then -- 2
    answer(0, window, 0, used, endsInMs)
  else
    believed = believed or 0
    if claimed ~= window then held = believed end -- 3
    local usedBefore = used - believed + held
    local granted = math.min(want, math.max(0, quota - usedBefore)) -- 4
    if granted < atLeast then granted = 0 end
    used = usedBefore + granted
    if exists or held + granted > 0 then -- 5
      redis.call('HSET', key, 'window', whole(window), 'used', whole(used),
        heldField, whole(held + granted), seqField, whole(seq))
      redis.call('PEXPIRE', key, whole(endsInMs))
    end
    answer(1, window, granted, used, endsInMs)
  end
end

return reply
