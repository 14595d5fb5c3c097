internal import Core

/// What the wrapper of a task has measured. The weblog and Tower's client tell the same values by other names.
struct SimulatedMeasurement: Sendable {
    let weblog: String
    let tower: String
    let value: Double

    /// Writes it: shares are floats, sizes and counts are integers.
    func write(as name: String, into object: inout JSONWriter) {
        if weblog.hasPrefix("%") { object.member(name, value) } else { object.member(name, Int(value)) }
    }
}

extension SimulatedAttempt {
    static let processor = "AMD EPYC 7763 64-Core Processor"

    /// Milliseconds.
    var realtime: Int64 { complete - start }

    /// Percent of one core.
    var usedProcessor: Double {
        Self.oneDecimal(Double(SimulatorPipeline.processes[process].cpus) * 100 * (0.35 + 0.6 * load))
    }

    /// Bytes at the peak.
    var residentMemory: Double { (Double(memory) * load).rounded(.down) }
    var virtualMemory: Double { (residentMemory * 1.3).rounded(.down) }
    /// Bytes that went through the task's calls.
    var charactersRead: Double { Double(realtime) * 52_000 }
    var charactersWritten: Double { Double(realtime) * 23_000 }

    /// Contract nextflow §4.4, column C+M, and its names in §5.3 (3).
    var measurements: [SimulatedMeasurement] {
        let time = Double(realtime)
        let all: [(String, String, Double)] = [
            ("%cpu", "pcpu", usedProcessor),
            ("%mem", "pmem", Self.oneDecimal(load * 12)),
            ("rss", "rss", (residentMemory * 0.9).rounded(.down)),
            ("vmem", "vmem", (residentMemory * 1.2).rounded(.down)),
            ("peak_rss", "peakRss", residentMemory),
            ("peak_vmem", "peakVmem", virtualMemory),
            ("rchar", "rchar", charactersRead),
            ("wchar", "wchar", charactersWritten),
            ("syscr", "syscr", time * 2),
            ("syscw", "syscw", time),
            ("read_bytes", "readBytes", time * 41_000),
            ("write_bytes", "writeBytes", time * 19_000),
            ("vol_ctxt", "volCtxt", (time / 3).rounded(.down)),
            ("inv_ctxt", "invCtxt", (time / 400).rounded(.down)),
        ]
        return all.map { SimulatedMeasurement(weblog: $0, tower: $1, value: $2) }
    }

    private static func oneDecimal(_ value: Double) -> Double {
        (value * 10).rounded() / 10
    }
}
