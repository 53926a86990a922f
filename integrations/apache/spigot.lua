-- Asks Spigot before Apache passes a request on: `LuaHookAccessChecker … spigot early`.

local socket = require "socket"

-- Spigot's door of kind "apache".
local HOST, PORT = "127.0.0.1", 8084
-- What happens while it gives no answer: true lets requests pass unchecked.
local OPEN = false
-- A Spigot that hangs is away after this. Its answer takes well under a millisecond.
local TIMEOUT_SECONDS = 2
-- A page with a challenge has about 8 KiB, and carries at most a form of 32.
local ANSWER_BYTES_MAX = 1048576

-- Fields of one hop, and those in which the question says what it is about.
local NOT_ASKED = {
  ["connection"] = true, ["keep-alive"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
  ["upgrade"] = true, ["expect"] = true, ["host"] = true, ["content-length"] = true, ["proxy-connection"] = true,
  ["x-original-method"] = true, ["x-original-uri"] = true, ["x-original-host"] = true, ["x-original-body"] = true,
  ["x-real-ip"] = true, ["x-forwarded-proto"] = true,
}
-- What of an answer is not for the client, or written anew.
local NOT_SENT = {
  ["connection"] = true, ["content-length"] = true, ["content-type"] = true, ["date"] = true, ["x-spigot-answer"] = true,
}

-- What only Spigot may say, in every spelling that some server takes for it.
local function is_ours(name)
  local plain = name:lower():gsub("_", "-")
  return plain:sub(1, 9) == "x-spigot-" or plain == "x-captcha-reason"
end

local function remove_ours(r)
  for name in pairs(r:headers_in_table()) do
    if is_ours(name) then r.headers_in[name] = nil end
  end
end

-- The question: the client's own fields, and what only Apache knows.
local function question(r)
  local lines = { "GET /check HTTP/1.1", "Host: spigot", "Connection: close" }
  local function say(name, value) lines[#lines + 1] = name .. ": " .. value end
  for name, told in pairs(r:headers_in_table()) do
    -- A field that came several times is a table of them.
    for _, value in ipairs(type(told) == "table" and told or { told }) do
      if not NOT_ASKED[name:lower()] then say(name, value) end
    end
  end
  say("X-Original-Method", r.method)
  say("X-Original-URI", r.unparsed_uri)
  say("X-Original-Host", r.headers_in["Host"] or "")
  say("X-Real-IP", r.useragent_ip)
  say("X-Forwarded-Proto", r.is_https and "https" or "http")
  return table.concat(lines, "\r\n") .. "\r\n\r\n"
end

-- Status, fields by name in lower case, each with its values, and text; nothing where there was no whole answer in time.
local function exchange(text)
  local connection = socket.tcp()
  local last = socket.gettime() + TIMEOUT_SECONDS
  local function receive(what)
    connection:settimeout(math.max(0, last - socket.gettime()), "t")
    return connection:receive(what)
  end
  local function answer()
    connection:settimeout(TIMEOUT_SECONDS, "t")
    if not connection:connect(HOST, PORT) then return end
    connection:settimeout(math.max(0, last - socket.gettime()), "t")
    if not connection:send(text) then return end
    local status = (receive("*l") or ""):match("^HTTP/1%.1 (%d%d%d)")
    local fields = {}
    while status do
      local line = receive("*l")
      if not line then return end
      if line == "" then break end
      local name, value = line:match("^([^:]+):%s*(.-)%s*$")
      if not name then return end
      name = name:lower()
      fields[name] = fields[name] or {}
      table.insert(fields[name], value)
    end
    local bytes = tonumber((fields["content-length"] or { "0" })[1])
    if not status or not bytes or bytes > ANSWER_BYTES_MAX then return end
    local body = bytes == 0 and "" or receive(bytes)
    if body then return tonumber(status), fields, body end
  end
  local status, fields, body = answer()
  connection:close()
  return status, fields, body
end

local function refuse(r, status, fields, text)
  r.status = status
  r.content_type = (fields["content-type"] or { "text/plain" })[1]
  for name, values in pairs(fields) do
    if not NOT_SENT[name] then
      -- Those that Apache sends with errors, too.
      for _, value in ipairs(values) do r.err_headers_out[name] = value end
    end
  end
  if r.method ~= "HEAD" then r:write(text) end
  return apache2.DONE
end

function spigot(r)
  if not r.is_initial_req then return apache2.DECLINED end
  -- Challenges: their files, and where they are solved. Whatever else leads there is asked about.
  if r.uri:sub(1, 9) == "/.spigot/" and r.unparsed_uri:sub(1, 9) == "/.spigot/" then
    remove_ours(r)
    return apache2.DECLINED
  end
  local text = question(r)
  remove_ours(r)
  local status, fields, body = exchange(text)
  if status == 200 and not fields["x-spigot-answer"] then
    for name in ((fields["x-spigot-remove"] or {})[1] or ""):gmatch("[^,]+") do r.headers_in[name] = nil end
    for name, values in pairs(fields) do
      if name:sub(1, 9) == "x-spigot-" and name ~= "x-spigot-remove" then r.headers_in[name] = values[1] end
    end
    return apache2.DECLINED
  end
  local is_answer = status and (fields["x-spigot-answer"] or (fields["content-type"] or {})[1] == "application/problem+json")
  if is_answer then return refuse(r, status, fields, body) end
  if OPEN then return apache2.DECLINED end
  local away = { ["retry-after"] = { "5" } }
  return refuse(r, 503, away, "This cannot be checked at the moment. Please try again in a few seconds.\n")
end
