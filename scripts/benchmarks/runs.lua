-- The load of the runs benchmarks, for wrk: `wrk … -s runs.lua URL -- post SEED` records new runs, each the body that
-- the Python client sends; `-- batch SEED COUNT` arrays of them; `-- patch SEED` ends runs of `post SEED`;
-- `-- get` asks for the URL again and again.

local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

local made = 0
local prefix, size = "", 1

-- What the Python client sends, between the parts that differ; those have a fixed width.
local function shape(agent, job)
    return '","agent_name":"agent-' .. agent .. '","job_type":"job-' .. job .. '","trigger_type":"cli",'
        .. '"start_time":"2026-11-25T00:00:00.000000+00:00","event_id":"'
end

local first, shapes = '{"run_id":"20260101T000000Z-agent-', {}
for i = 0, 279 do shapes[i] = shape(i % 40, i % 7) end
local rest = '","schema_version":7,"agent_owner":"team","end_time":null,"status":"running","items_discovered":0,'
    .. '"items_succeeded":0,"items_failed":0,"items_skipped":0,"duration_ms":0,"input_summary":null,'
    .. '"output_summary":null,"source_ref":null,"target_ref":null,"error_summary":null,"error_details":null,'
    .. '"metrics_json":null,"context_json":null,"insight_id":null,"product":"words","platform":"net",'
    .. '"product_family":"total","subdomain":"docs","website":"example.org","website_section":null,"item_name":null,'
    .. '"git_repo":"repo","git_branch":"main","git_run_tag":"repo/main","git_commit_hash":null,'
    .. '"git_commit_source":null,"git_commit_author":null,"git_commit_timestamp":null,"host":"worker-17",'
    .. '"environment":null,"api_posted":0,"api_posted_at":null,"api_retry_count":0,"parent_run_id":null,'
    .. '"created_at":"2026-11-25T00:00:'
local last = '+00:00","updated_at":"2026-11-25T00:00:00.000000+00:00","record_type":"run"}'

local function id(n)
    return prefix .. tostring(10000000 + n)
end

local function run(n)
    local text = tostring(10000000 + n)
    local micro = tostring(1000000 + n % 1000000):sub(2)
    return first .. text .. shapes[n % 280] .. prefix .. text .. rest .. "00." .. micro .. last
end

local headers = { ["Content-Type"] = "application/json" }

local function post()
    made = made + 1
    return wrk.format("POST", nil, headers, run(made))
end

local function patch()
    made = made + 1
    local change = '{"status":"success","end_time":"2026-11-25T00:10:00.000000+00:00","duration_ms":600000,"items_succeeded":5}'
    return wrk.format("PATCH", "/api/v1/runs/" .. id(made), headers, change)
end

local function batch()
    local runs = {}
    for i = 1, size do runs[i] = run(made + i) end
    made = made + size
    return wrk.format("POST", nil, headers, "[" .. table.concat(runs, ",") .. "]")
end

function init(args)
    wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
    prefix, size = string.format("%s-0000-4000-8000-%04d", args[2] or "", number), tonumber(args[3] or "1")
    if args[1] == "post" then request = post
    elseif args[1] == "patch" then request = patch
    elseif args[1] == "batch" then request = batch
    else
        local get = wrk.format("GET")
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
