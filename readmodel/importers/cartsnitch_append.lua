-- Append what rows became to a stream, except rows that the notes say it has as they are. All in one step: whatever
-- crashes, a row's events are in the stream and noted, or neither.
--   KEYS: the stream; the notes, a hash of row -> fingerprint of the events last appended for it
--   ARGV: row, fingerprint, how many events, the events; again and again
-- Answers per row 1 if its events were appended, else 0.
local stream, notes = KEYS[1], KEYS[2]

-- What Redis says of the stream.
local function about(what)
  local info = redis.call('XINFO', 'STREAM', stream)
  for i = 1, #info, 2 do
    if info[i] == what then return info[i + 1] end
  end
end

-- Whether the stream is the one of which the notes were made: it has the last entry that they know of, or that was
-- trimmed from its beginning, as the service does with what is archived, and no fewer entries were ever added.
local function is_noted(last)
  if redis.call('EXISTS', stream) == 0 then return false end
  if #redis.call('XRANGE', stream, last, last) > 0 then return true end
  local older = redis.call('XRANGE', stream, '-', last, 'COUNT', 1)
  local added = tonumber(redis.call('HGET', notes, 'added') or 'inf')
  return #older == 0 and about('length') > 0 and about('entries-added') >= added
end

-- Notes of a stream that was flushed or replaced are worth nothing.
local last = redis.call('HGET', notes, 'last')
if last and not is_noted(last) then
  redis.call('DEL', notes)
end

local appended, newest, i = {}, nil, 1
while i <= #ARGV do
  local row, fingerprint, count = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  if redis.call('HGET', notes, row) == fingerprint then
    appended[#appended + 1] = 0
  else
    for event = i + 3, i + 2 + count do
      newest = redis.call('XADD', stream, '*', 'data', ARGV[event])
    end
    redis.call('HSET', notes, row, fingerprint)
    appended[#appended + 1] = 1
  end
  i = i + 3 + count
end
if newest then
  redis.call('HSET', notes, 'last', newest, 'added', about('entries-added'))
end
return appended
