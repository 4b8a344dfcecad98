-- Settles claims against ledgers: the twin of settle() in limits/settle.ts, which is the specification. A differential
-- test holds both to the same answers and the same ledgers.
--
-- KEYS  one ledger per claim: a hash that expires when it no longer matters. Fields: window (its start, ms), used (units
--       handed out); for sliding windows and token buckets carried and at; per gateway h:<gateway> (units held), s:<gateway>
--       (the newest seq) and b:<gateway> (the newest seq of the window before). This is format 1, which carries no number: a
--       later one says in the field v which it is. Of such a ledger nothing is read and nothing is changed.
-- ARGV  [1] the time in ms, or '' for the server's clock; [2] the number of limits and, for each, windowMs, kind (aligned,
--       first-request, sliding or bucket), quota, burst; then the number of gateways and, for each, its id; then for each
--       claim: which limit, which gateway, seq, window ('' for none), held, want, atLeast.
-- reply one string of five whole numbers for each claim, with spaces between them: 1 granted or 0 stale, window, granted, used,
--       endsInMs. Where a ledger has a later format: 'newer', its format and its key; the claims before that one are settled.
--
-- Whole numbers become text by '%.0f' (tostring and '..' would round them to 14 digits), each once: the claims of a call have
-- many in common.

local format = 1
local periodMs = 100
local replayMsMax = 10000

local now
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
else
  now = tonumber(ARGV[1])
end

local limits, gateways = {}, {}
local argument = 3
for i = 1, tonumber(ARGV[2]) do
  local windowMs, kind, burst = tonumber(ARGV[argument]), ARGV[argument + 1], tonumber(ARGV[argument + 3])
  local limit = { windowMs = windowMs, kind = kind, quota = tonumber(ARGV[argument + 2]) }
  limit.slides, limit.refills = kind == 'sliding', kind == 'bucket'
  limit.lengthMs = limit.refills and periodMs or windowMs
  limit.ceiling = limit.refills and burst or limit.quota
  limits[i] = limit
  argument = argument + 4
end
for i = 1, tonumber(ARGV[argument]) do
  local id = ARGV[argument + i]
  gateways[i] = { held = 'h:' .. id, seq = 's:' .. id, before = 'b:' .. id }
end
argument = argument + #gateways + 1

local abs, ceil, max, min = math.abs, math.ceil, math.max, math.min
local call, tonumber = redis.call, tonumber

-- Units that count now.
local function counted(limit, window, used, carried)
  if limit.slides then
    return used + ceil(carried * min(limit.windowMs, window + limit.windowMs - now) / limit.windowMs)
  elseif limit.refills then
    return ceil(carried / limit.windowMs)
  end
  return used
end

-- From then on a ledger is as if it had never been.
local function mattersUntilMs(limit, window, carried, carriedAtMs)
  local endMs = window + limit.lengthMs
  if limit.slides then return endMs + limit.windowMs end
  if limit.refills then return max(endMs, carriedAtMs + ceil(carried / limit.quota)) + replayMsMax end
  return endMs + min(limit.windowMs, replayMsMax)
end

-- What a new window carries over from the ledger before it.
local function carriedOver(limit, starts, window, used, carried)
  if limit.refills then return carried end
  return limit.slides and window == starts - limit.windowMs and used or 0
end

-- Replaces a ledger whose window is over; while it is known, its newest claims are remembered.
local function startOver(key, known)
  local seqs, kept = {}, { key }
  if known then
    local fields = call('HGETALL', key)
    for i = 1, #fields, 2 do seqs[fields[i]] = fields[i + 1] end
    for i = 1, #fields, 2 do
      if string.sub(fields[i], 1, 2) == 'h:' then
        local id = string.sub(fields[i], 3)
        kept[#kept + 1], kept[#kept + 2] = 'b:' .. id, seqs['s:' .. id]
      end
    end
  end
  call('DEL', key)
  if #kept > 1 then call('HSET', unpack(kept)) end
end

local texts = setmetatable({}, { __index = function(known, number)
  known[number] = string.format('%.0f', number)
  return known[number]
end })

local reply, replied = {}, 0
for i = 1, #KEYS do
  local key, limit, gateway = KEYS[i], limits[tonumber(ARGV[argument])], gateways[tonumber(ARGV[argument + 1])]
  local seqText, claimed, held = ARGV[argument + 2], tonumber(ARGV[argument + 3]), tonumber(ARGV[argument + 4])
  local want, atLeast = tonumber(ARGV[argument + 5]), tonumber(ARGV[argument + 6])
  argument = argument + 7

  -- 1: the ledger whose window runs now; else a new one, in the claimed window when that runs: this store has lost it.
  local stored = call('HMGET', key, 'window', 'used', gateway.held, gateway.seq, gateway.before, 'carried', 'at', 'v')
  if stored[8] and tonumber(stored[8]) ~= format then return 'newer ' .. stored[8] .. ' ' .. key end
  local window, used, believed, carried, carriedAtMs = tonumber(stored[1]), 0, 0, 0, 0
  local seen
  local isStored = window ~= nil
  if isStored then
    used, believed = tonumber(stored[2]), tonumber(stored[3]) or 0
    seen = tonumber(stored[4]) or tonumber(stored[5])
    carried, carriedAtMs = tonumber(stored[6]) or 0, tonumber(stored[7]) or 0
  end
  local known = isStored and now < mattersUntilMs(limit, window, carried, carriedAtMs)
  local running = known and abs(now - window) < limit.lengthMs
  local lost = not running and claimed and abs(now - claimed) < limit.lengthMs
    and not (known and claimed < window + limit.lengthMs)
  local isNew = lost or not running
  if isNew then
    local starts = lost and claimed or (limit.kind == 'first-request' and now or now - now % limit.lengthMs)
    carried = known and carriedOver(limit, starts, window, used, carried) or 0
    carriedAtMs = known and carriedAtMs or 0
    seen = known and tonumber(stored[4]) or nil
    window, used, believed = starts, 0, 0
  end
  if limit.refills then
    carried, carriedAtMs = max(0, carried - max(0, now - carriedAtMs) * limit.quota), now
  end

  local granted = 0
  local stale = seen and tonumber(seqText) <= seen -- 2
  if not stale then
    if claimed ~= window then held = believed end -- 3
    used = used - believed + held
    if limit.refills then carried = max(0, carried + (held - believed) * limit.windowMs) end
    granted = min(want, max(0, limit.ceiling - counted(limit, window, used, carried))) -- 4
    if granted < atLeast then granted = 0 end
    used = used + granted
    if limit.refills then carried = carried + granted * limit.windowMs end
    if not isNew or held + granted > 0 then -- 5
      if isNew and isStored then startOver(key, known) end
      call('HSET', key, 'window', texts[window], 'used', texts[used], gateway.held, texts[held + granted], gateway.seq, seqText)
      if limit.slides or limit.refills then call('HSET', key, 'carried', texts[carried], 'at', texts[carriedAtMs]) end
      if isNew or limit.refills then
        call('PEXPIRE', key, texts[mattersUntilMs(limit, window, carried, carriedAtMs) - now])
      end
    end
  end
  reply[replied + 1], reply[replied + 2], reply[replied + 3] = stale and '0' or '1', texts[window], texts[granted]
  reply[replied + 4] = texts[counted(limit, window, used, carried)]
  reply[replied + 5] = texts[window + limit.lengthMs - now]
  replied = replied + 5
end

return table.concat(reply, ' ')
