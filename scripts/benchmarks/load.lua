-- The load of the benchmarks, for wrk: `wrk … -s load.lua URL -- get` asks for the URL again and again;
-- `wrk … -s load.lua URL -- weblog SEED PADDING PAUSE` posts events of Nextflow tasks, each a new one, with
-- so many bytes more in each script; a connection rests for so many milliseconds before each, if any.
--
-- A task is submitted, started and completed, 200 requests apart; one in 25 fails. Bodies have about 870 bytes on
-- average (compact captures of Nextflow 23: 565 to 813 without trace metrics). All that varies has a fixed width, so
-- that a request is one concatenation and its Content-Length is known beforehand: wrk must not be what is measured.

local RUNS, APART, FIRST = 8, 200, 10000000

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

local head = table.concat({
    "POST %s HTTP/1.1", "Content-Type: application/json", "User-Agent: Nextflow/23.10.4", "Host: %s:%s",
    "Accept: text/html, image/gif, image/jpeg, */*; q=0.2", "Connection: keep-alive", "Content-Length: %d", "", "",
}, "\r\n")

local common = '","name":"MICROBEQC:%s (S_%s)","exit":%s,"submit":%s,"start":%s,"process":"MICROBEQC:%s","tag":"S_%s",'
    .. '"module":[],"container":"quay.io/acme/bwa-mem2:2.2.1","attempt":1,"script":"\\n    bwa-mem2 mem -t 8 genome.fa '
    .. 'S_R1.fq.gz S_R2.fq.gz | samtools sort -@ 4 -o out.bam -\\n    %s","scratch":null,'
    .. '"workdir":"/data/projects/soil-survey/work/%se1d2f0a3c49687e0b1c2d3","queue":"long","cpus":8,'
    .. '"memory":17179869184,"disk":null,"time":14400000,"env":"LC_ALL=C.UTF-8\\n","native_id":"%s"'
local metrics = ',"error_action":null,"complete":%s,"duration":%s,"realtime":%s,"%%cpu":%s,'
    .. '"cpu_model":"AMD EPYC 7763 64-Core Processor","%%mem":9.8,"rss":11274289152,"vmem":14495514624,"peak_rss":%s,'
    .. '"peak_vmem":16106127360,"rchar":48318382080,"wchar":21474836480,"syscr":1823378,"syscw":169293,'
    .. '"read_bytes":32212254720,"write_bytes":10737418240,"vol_ctxt":413015,"inv_ctxt":1540'
local tail = '},"runId":"%s","event":"%s","runName":"%s","utcTime":"%s"}'

-- The text of a template between its gaps: pieces[1] gap[1] pieces[2] gap[2] …
local function cut(template)
    local pieces, from = {}, 1
    while true do
        local at = template:find("\1", from, true)
        if not at then break end
        pieces[#pieces + 1] = template:sub(from, at - 1)
        from = at + 1
    end
    pieces[#pieces + 1] = template:sub(from)
    return pieces
end

-- What one kind of event of one run looks like; `width` are the bytes that the gaps take.
local function shape(process, run, event, status, exit, width, padding)
    local gap = "\1"
    local isCompleted = event == "process_completed"
    local text = '{"trace":{"task_id":' .. gap .. ',"status":"' .. status .. '","hash":"' .. gap
        .. common:format(process, gap, exit, gap, event == "process_submitted" and "0" or gap, process, gap, padding, gap, gap)
        .. (isCompleted and metrics:format(gap, gap, gap, gap, gap) or "")
        .. tail:format(run.id, event, run.name, gap)
    local _, gaps = text:gsub("\1", "")
    local body = #text - gaps + width
    local pieces = cut(text)
    pieces[1] = head:format(wrk.path, wrk.host, wrk.port, body) .. pieces[1]
    return pieces, body
end

local thousandths, percents = {}, {}
for i = 0, 999 do
    thousandths[i] = string.format("%03d", i)
    percents[i] = string.format("%d.%d", 100 + i * 7 % 700, i % 10)
end

local shapes, bodies = {}, { total = 0, count = 0 }

local function prepare(seed, padding)
    local processes = { "FASTQC", "TRIM", "ALIGN", "SORT", "DEDUP", "CALL", "FILTER", "MERGE" }
    -- Widths: task, hash, name, submit, start, tag, work directory, native id, complete, duration, realtime, …
    local base = 8 + 9 + 8 + 13 + 8 + 11 + 8 + 20
    for i = 0, RUNS - 1 do
        local run = {
            id = string.format("%08x-0000-4000-8000-%04d%08d", seed % 2 ^ 32, number, i),
            name = string.format("bench_%08x_%d_%d", seed % 2 ^ 32, number, i),
        }
        local function make(event, status, exit, width)
            local pieces, body = shape(processes[i + 1], run, event, status, exit, width, padding)
            return { pieces = pieces, body = body }
        end
        local measured = base + 13 + 13 + 6 + 6 + 5 + 10
        shapes[i] = {
            submitted = make("process_submitted", "SUBMITTED", "2147483647", base),
            started = make("process_started", "RUNNING", "2147483647", base + 13),
            completed = make("process_completed", "COMPLETED", "0", measured),
            failed = make("process_completed", "FAILED", "137", measured),
        }
    end
    local one = shapes[0]
    bodies.mean = (one.submitted.body + one.started.body + 0.96 * one.completed.body + 0.04 * one.failed.body) / 3
end

local now, second, asked = "", 0, 0
local cycle, task = 2, FIRST + APART

-- The clock is asked every 200 requests: a system call each would be seen.
local function look()
    asked = 200
    local seconds = os.time()
    if seconds ~= second then
        second = seconds
        now = os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
    end
end

local function submitted(id, hash, at, p)
    return p[1] .. id .. p[2] .. hash .. p[3] .. id .. p[4] .. at .. p[5] .. id .. p[6] .. hash .. "00" .. p[7] .. id
        .. p[8] .. now .. p[9]
end

local function started(id, hash, at, p)
    return p[1] .. id .. p[2] .. hash .. p[3] .. id .. p[4] .. at .. p[5] .. at .. p[6] .. id .. p[7] .. hash .. "00"
        .. p[8] .. id .. p[9] .. now .. p[10]
end

local function completed(n, id, hash, at, p)
    local took = tostring(100000 + n * 7919 % 900000)
    return p[1] .. id .. p[2] .. hash .. p[3] .. id .. p[4] .. at .. p[5] .. at .. p[6] .. id .. p[7] .. hash .. "00"
        .. p[8] .. id .. p[9] .. at .. p[10] .. took .. p[11] .. took .. p[12] .. percents[n * 31 % 1000] .. p[13]
        .. tostring(1000000000 + n * 104729 % 1000000000) .. p[14] .. now .. p[15]
end

local function weblog()
    asked = asked - 1
    if asked < 0 then look() end
    cycle = cycle + 1
    if cycle == 3 then
        cycle, task = 0, task + 1
    end
    local n = task - cycle * 67 - FIRST
    local id = tostring(FIRST + n)
    local hash = id:sub(7, 8) .. "/" .. id:sub(1, 6)
    local at = tostring(1795212000 + n % 100000) .. thousandths[n % 1000]
    local kinds = shapes[n % RUNS]
    if cycle == 0 then return submitted(id, hash, at, kinds.submitted.pieces) end
    if cycle == 1 then return started(id, hash, at, kinds.started.pieces) end
    return completed(n, id, hash, at, (n % 25 == 0 and kinds.failed or kinds.completed).pieces)
end

function init(args)
    wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
    if args[1] ~= "weblog" then
        local get = wrk.format("GET")
        wrk.request = function() return get end
        return
    end
    prepare(tonumber(args[2]), string.rep("#", tonumber(args[3])))
    request = weblog
    local pause = tonumber(args[4] or "0")
    if pause > 0 then delay = function() return pause end end
    if number == 1 then io.stderr:write(string.format("BODY %.0f\n", bodies.mean)) end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        'FIGURES {"requests":%d,"seconds":%.6f,"p50":%.3f,"p95":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
        latency:percentile(99) / 1e3, latency.max / 1e3, e.status, e.connect + e.read + e.write + e.timeout))
end
