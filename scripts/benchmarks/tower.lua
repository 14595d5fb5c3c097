-- The load of the benchmark of Tower's calls, for wrk: `wrk … -s tower.lua URL -- SEED ID…` calls `progress` of the runs
-- with these ids in turn, each time with 100 tasks of which no two are the same.
--
-- It tells what `load.lua weblog` tells: a task is submitted, started and completed, 67 tasks apart; one in 25 fails. A
-- record has about 925 bytes on average.

local TASKS, APART, FIRST = 100, 67, 10000000

local common = '{"taskId":%s,"status":"%s","hash":"%s","name":"MICROBEQC:%s (S_%s)","exit":%s,"submit":%s,"start":%s,'
    .. '"process":"MICROBEQC:%s","tag":"S_%s","module":[],"container":"quay.io/acme/bwa-mem2:2.2.1","attempt":1,'
    .. '"script":"\\n    bwa-mem2 mem -t 8 genome.fa S_R1.fq.gz S_R2.fq.gz | samtools sort -@ 4 -o out.bam -\\n    ",'
    .. '"scratch":null,"workdir":"/data/projects/soil-survey/work/%s00e1d2f0a3c49687e0b1c2d3","queue":"long","cpus":8,'
    .. '"memory":17179869184,"disk":null,"time":14400000,"env":null,"accelerator":null,"acceleratorType":null%s,'
    .. '"nativeId":"%s","executor":"slurm","cloudZone":null,"machineType":null,"priceModel":null,'
    .. '"numSpotInterruptions":null,"logStreamId":null,"resourceAllocation":null,"gpuMetrics":null}'
local ended = ',"errorAction":%s,"complete":%s,"duration":%s,"realtime":%s'
local measured = ',"pcpu":%s,"cpuModel":"AMD EPYC 7763 64-Core Processor","rchar":48318382080,"wchar":21474836480,'
    .. '"syscr":1823378,"syscw":169293,"readBytes":32212254720,"writeBytes":10737418240,"pmem":9.8,"vmem":14495514624,'
    .. '"rss":11274289152,"peakVmem":16106127360,"peakRss":%s,"volCtxt":413015,"invCtxt":1540'
local progress = '],"progress":{"aborted":0,"cached":0,"failed":%d,"ignored":0,"loadCpus":544,"loadMemory":1168231104512,'
    .. '"peakCpus":544,"peakMemory":1168231104512,"peakRunning":68,"pending":0,"processes":[{"index":1,"name":"MICROBEQC:%s",'
    .. '"workDir":null,"pending":0,"submitted":67,"running":67,"succeeded":%d,"cached":0,"failed":%d,"aborted":0,"stored":0,'
    .. '"ignored":0,"retries":0,"terminated":false,"loadCpus":544,"loadMemory":1168231104512,"peakRunning":68,'
    .. '"peakCpus":544,"peakMemory":1168231104512}],"retries":0,"running":67,"submitted":67,"succeeded":%d},'
    .. '"containers":[],"instant":%d}'

local runs, turn, clock = {}, 0, {}

for i = 0, 86399 do
    clock[i] = string.format('"2026-11-20T%02d:%02d:%02d.%03dZ"', i / 3600, i / 60 % 60, i % 60, i % 1000)
end

local function record(run, n, cycle)
    local id = tostring(FIRST + n)
    local hash = id:sub(7, 8) .. "/" .. id:sub(1, 6)
    local at = clock[n % 86400]
    local status, exit, ending = "SUBMITTED", "2147483647", ""
    if cycle == 1 then status = "RUNNING" end
    if cycle == 2 then
        local took = tostring(100000 + n * 7919 % 900000)
        local hasFailed = n % 25 == 0
        status, exit = hasFailed and "FAILED" or "COMPLETED", hasFailed and "137" or "0"
        ending = ended:format(hasFailed and '"RETRY"' or "null", at, took, took)
        if not hasFailed then
            ending = ending .. measured:format(100 + n * 7 % 700 + 0.5, tostring(1000000000 + n * 104729 % 1000000000))
        end
    end
    return common:format(id, status, hash, run.process, id, exit, at, cycle == 0 and "null" or at, run.process, id, hash, ending, id)
end

local headers = {
    ["Content-Type"] = "application/json; charset=utf-8", ["User-Agent"] = "Nextflow/26.04.6",
    ["Authorization"] = "Basic QHRva2VuOmFueXRoaW5n",
}

function request()
    turn = turn % #runs + 1
    local run = runs[turn]
    local parts = {}
    for i = 1, TASKS do
        local cycle = run.told % 3
        local n = (run.told - cycle) / 3 + (2 - cycle) * APART
        run.told = run.told + 1
        parts[i] = record(run, n, cycle)
    end
    local done = run.told / 3
    return wrk.format("PUT", wrk.path .. run.id .. "/progress", headers,
        '{"tasks":[' .. table.concat(parts, ",") .. progress:format(done / 25, run.process, done, done / 25, done, run.seed + run.told))
end

function init(args)
    wrk.headers["Host"] = wrk.host .. ":" .. wrk.port
    local processes = { "FASTQC", "TRIM", "ALIGN", "SORT", "DEDUP", "CALL", "FILTER", "MERGE" }
    for i = 2, #args do
        runs[i - 1] = { id = args[i], process = processes[(i - 2) % #processes + 1], told = 0, seed = tonumber(args[1]) }
    end
    io.stderr:write(string.format("BODY %d\n", #request()))
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format(
        'FIGURES {"requests":%d,"seconds":%.6f,"p50":%.3f,"p95":%.3f,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n',
        summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
        latency:percentile(99) / 1e3, latency.max / 1e3, e.status, e.connect + e.read + e.write + e.timeout))
end
