internal import Core

/// The quartiles of each process, which Tower's client tells at the end. Contract nextflow §5.3 (5), §10 (10).
enum SimulatedQuartiles {
    /// Writes `metrics`: an object for each process that has ended tasks, by its simple name.
    static func write(_ plan: SimulatedPlan, into metrics: inout JSONWriter) {
        let ended = (plan.cached + plan.attempts).filter(\.outcome.isRecorded)
        for (index, process) in SimulatorPipeline.processes.enumerated() {
            let tasks = ended.filter { $0.process == index }
            guard !tasks.isEmpty else { continue }
            metrics.object { metric in
                metric.member("process", process.name.split(separator: ":").last.map(String.init))
                for (name, value) in series(of: process) {
                    let known = tasks.compactMap { task in value(task).map { (task.name, $0) } }
                    metric.key(name)
                    write(known.sorted { $0.1 < $1.1 }, into: &metric)
                }
            }
        }
    }

    private typealias Value = (SimulatedAttempt) -> Double?

    private static func series(of process: SimulatorPipeline.Process) -> [(String, Value)] {
        func measured(_ value: @escaping (SimulatedAttempt) -> Double) -> Value {
            { $0.isMeasured ? value($0) : nil }
        }
        let limit = process.typicalMilliseconds * 8
        return [
            ("cpu", measured(\.usedProcessor)), ("mem", measured(\.residentMemory)),
            ("vmem", measured(\.virtualMemory)), ("time", { Double($0.realtime) }),
            ("reads", measured(\.charactersRead)), ("writes", measured(\.charactersWritten)),
            ("cpuUsage", measured { $0.usedProcessor / Double(process.cpus) }),
            ("memUsage", measured { $0.residentMemory * 100 / Double($0.memory) }),
            ("timeUsage", { Double($0.realtime) * 100 / limit }),
        ]
    }

    /// Writes the quartiles of ordered values, interpolated between neighbours; null without one that is not zero.
    private static func write(_ ordered: [(name: String, value: Double)], into metric: inout JSONWriter) {
        guard let least = ordered.first, let most = ordered.last, most.value > 0 else { return metric.null() }
        let sum = ordered.reduce(0) { $0 + $1.value }
        metric.object { summary in
            summary.member("mean", rounded(sum / Double(ordered.count)))
            summary.member("min", rounded(least.value))
            for quarter in 1...3 {
                let place = Double((ordered.count - 1) * quarter) / 4
                let below = ordered[Int(place)].value
                let above = ordered[min(Int(place) + 1, ordered.count - 1)].value
                summary.member(
                    "q\(quarter)",
                    rounded(below + (above - below) * place.truncatingRemainder(dividingBy: 1))
                )
                summary.member("q\(quarter)Label", ordered[Int(place)].name)
            }
            summary.member("max", rounded(most.value))
            summary.member("minLabel", least.name)
            summary.member("maxLabel", most.name)
        }
    }

    private static func rounded(_ value: Double) -> Double {
        (value * 100).rounded() / 100
    }
}
