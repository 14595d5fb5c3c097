-- The load of the workers benchmarks, for wrk: `wrk … -s workers.lua URL -- report SEED` sends reports of eight metrics,
-- as a worker pool does; `-- write SEED SERIES` remote-write requests of 1000 samples over so many series;
-- `-- push` puts eight metrics into 500 groups; `-- get` asks for the URL again and again.

local ffi = require("ffi")
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

local made = 0

-- ------------------------------------------------------------------------------------------------------------ report

local names = {
    { "noetl_system_cpu_usage_percent", "CPU usage percentage", "percent" },
    { "noetl_system_memory_usage_bytes", "Memory usage in bytes", "bytes" },
    { "noetl_system_memory_usage_percent", "Memory usage percentage", "percent" },
    { "noetl_process_cpu_percent", "Process CPU usage percentage", "percent" },
    { "noetl_process_memory_rss_bytes", "Process RSS memory in bytes", "bytes" },
    { "noetl_worker_active_tasks", "Number of active worker tasks", "tasks" },
    { "noetl_worker_max_workers", "Maximum configured workers", "workers" },
    { "noetl_worker_queue_size", "Current queue size", "jobs" },
}
local json = { ["Content-Type"] = "application/json" }

local function report()
    made = made + 1
    local pool = "pool-" .. made % 200
    local time = os.date("!%Y-%m-%dT%H:%M:%S") .. string.format(".%06d", made % 1000000)
    local metrics = {}
    for i, name in ipairs(names) do
        metrics[i] = '{"metric_name":"' .. name[1] .. '","metric_type":"gauge","metric_value":' .. (made * i % 9973) / 8
            .. ',"timestamp":"' .. time .. '","labels":{"component":"' .. pool .. '","worker_id":"worker-cpu-01","hostname":'
            .. '"node-1.cluster.example.org"},"help_text":"' .. name[2] .. '","unit":"' .. name[3] .. '"}'
    end
    return wrk.format("POST", nil, json, '{"component_name":"' .. pool
        .. '","component_type":"worker_pool","metrics":[' .. table.concat(metrics, ",") .. "]}")
end

-- ------------------------------------------------------------------------------------------------------ remote-write

local SAMPLES = 1000

local function varint(n)
    local bytes = {}
    repeat
        local low = n % 128
        n = (n - low) / 128
        bytes[#bytes + 1] = string.char(n > 0 and low + 128 or low)
    until n == 0
    return table.concat(bytes)
end

local function field(tag, text)
    return tag .. varint(#text) .. text
end

local function label(name, value)
    return field("\10", field("\10", name) .. field("\18", value))
end

-- The labels of a series, which all have one length.
local function labels(n)
    return label("__name__", string.format("bench_requests_%02d_total", n % 50)) .. label("instance", string.format("10.1.%03d.17:9100", n / 50 % 1000))
        .. label("job", string.format("bench-%02d", n / 5000)) .. label("namespace", "production")
        .. label("pod", string.format("frontend-7d4b9c6f5-%06d", n)) .. label("region", "eu-central-1")
end

-- Literals and copies, as snappy's block format has them.
local function literal(text)
    if #text == 0 then return "" end
    if #text <= 60 then return string.char((#text - 1) * 4) .. text end
    return string.char(240, #text - 1) .. text
end

local function copies(offset, length)
    local parts = {}
    while length > 0 do
        local part = math.min(length, 64)
        parts[#parts + 1] = string.char((part - 1) * 4 + 2, offset % 256, math.floor(offset / 256))
        length = length - part
    end
    return table.concat(parts)
end

-- `text` where the bytes before it are `before`, of the same length but for the rest that follows both.
local function difference(text, before, distance)
    local parts, from = {}, 1
    local i = 1
    while i <= #text do
        local same = 0
        while i + same <= #text and text:byte(i + same) == before:byte(i + same) do same = same + 1 end
        if same >= 4 then
            parts[#parts + 1] = literal(text:sub(from, i - 1)) .. copies(distance, same)
            from = i + same
        end
        i = i + math.max(same, 1)
    end
    parts[#parts + 1] = literal(text:sub(from))
    return table.concat(parts)
end

local SAMPLE = 2 + 9 + 7
local groups, prefix = {}, nil

-- One request's worth of series: their compressed labels.
local function group(first)
    local parts, before = {}, nil
    for i = 0, SAMPLES - 1 do
        local labels = labels(first + i)
        local text = "\10" .. varint(#labels + SAMPLE) .. labels .. "\18" .. string.char(SAMPLE - 2)
        prefix = prefix or varint(SAMPLES * (#text + SAMPLE - 2))
        parts[2 * i + 1] = before and difference(text, before, #text + SAMPLE - 2) or literal(text)
        before = text
    end
    return parts
end

local double = ffi.new("double[1]")
local function number64(value)
    double[0] = value
    return ffi.string(double, 8)
end

local protobuf = {
    ["Content-Type"] = "application/x-protobuf", ["Content-Encoding"] = "snappy",
    ["X-Prometheus-Remote-Write-Version"] = "0.1.0",
}
local began

-- Every series gets a sample a round; rounds are a second apart.
local function write()
    local place = made % #groups
    local round = (made - place) / #groups
    made = made + 1
    local stamp = "\16" .. varint(began + round * 1000)
    local parts = groups[place + 1]
    for i = 0, SAMPLES - 1 do
        parts[2 * i + 2] = string.char((SAMPLE - 3) * 4) .. "\9" .. number64(round * (1 + i % 7)) .. stamp
    end
    return wrk.format("POST", nil, protobuf, prefix .. table.concat(parts))
end

-- -------------------------------------------------------------------------------------------------------------- push

local function push()
    made = made + 1
    local lines = {}
    for i, name in ipairs(names) do
        lines[i] = "# HELP " .. name[1] .. " " .. name[2] .. "\n# TYPE " .. name[1] .. " gauge\n"
            .. name[1] .. '{worker_id="worker-cpu-01"} ' .. (made * i % 9973) / 8 .. "\n"
    end
    return wrk.format("PUT", "/metrics/job/bench/instance/" .. made % 500, {}, table.concat(lines))
end

function init(args)
    wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
    made = tonumber(args[2] or "0")
    if args[1] == "report" then request = report
    elseif args[1] == "push" then request = push
    elseif args[1] == "write" then
        made = 0
        began = tonumber(args[2])
        for i = 1, tonumber(args[3]) / SAMPLES do groups[i] = group((i - 1) * SAMPLES) end
        request = write
    else
        local get = wrk.format("GET", nil, args[2] == "gzip" and { ["Accept-Encoding"] = "gzip" } or {})
        request = function() return get end
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        'FIGURES {"requests":%d,"seconds":%.6f,"p50":%.3f,"p95":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
        latency:percentile(99) / 1e3, latency.max / 1e3, e.status, e.connect + e.read + e.write + e.timeout))
end
