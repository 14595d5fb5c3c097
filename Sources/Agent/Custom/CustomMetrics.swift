internal import Core
internal import Synchronization

/// Metrics that programs of this machine send as lines in the Prometheus text format: they wait for the next report. Any
/// thread.
///
/// A TYPE or HELP line counts for all later samples of its metric, whoever sends them.
final class CustomMetrics: Sendable {
    /// The most samples that wait, and the most metrics whose types are known.
    private static let limit = 50_000
    /// The most bytes of the lines that wait, and of what is known of metrics.
    private static let mostBytes = 16 << 20
    /// Three labels are added to those of a sample.
    static let limits = PrometheusTextLimits(labels: 61)

    private struct Description {
        var type: PrometheusType?
        var help: String?
    }

    private struct State {
        var waiting: [AgentMetric] = []
        var descriptions: [String: Description] = [:]
        var dropped = 0
        /// Of the samples that wait.
        var bytes = 0
        /// Of the names and help texts of the descriptions.
        var describedBytes = 0

        /// Changes the description of a metric; false when there is no room for it.
        mutating func describe(_ metric: String, _ change: (inout Description) -> Void) -> Bool {
            let old = descriptions[metric]
            var new = old ?? Description()
            change(&new)
            let before = old.map { metric.utf8.count + ($0.help?.utf8.count ?? 0) } ?? 0
            let bytes = describedBytes - before + metric.utf8.count + (new.help?.utf8.count ?? 0)
            guard old != nil || descriptions.count < CustomMetrics.limit, bytes <= CustomMetrics.mostBytes
            else { return false }
            descriptions[metric] = new
            describedBytes = bytes
            return true
        }
    }

    // Guards what waits, and what is known of metrics.
    private let state = Mutex(State())

    /// Takes a line with its line feed.
    ///
    /// - Returns: what is wrong with it, for its sender.
    func take(_ line: [UInt8], at now: Timestamp) -> String? {
        var reader = PrometheusTextReader(line, limits: Self.limits)
        do throws(PrometheusTextError) {
            guard let entry = try reader.next() else { return nil }
            return take(entry, line.count, at: now)
                ? nil : "too many metrics wait for the next report; this one is dropped"
        } catch {
            return "column \(error.column): \(error.cause)"
        }
    }

    private func take(_ entry: PrometheusTextEntry, _ bytes: Int, at now: Timestamp) -> Bool {
        state.withLock { state in
            switch entry {
            case .help(let metric, let text):
                return state.describe(metric) { $0.help = text }
            case .type(let metric, let type):
                return state.describe(metric) { $0.type = type }
            case .sample(let sample):
                guard state.waiting.count < Self.limit, state.bytes + bytes <= Self.mostBytes else {
                    state.dropped += 1
                    return false
                }
                let family = PrometheusFamily.name(ofSample: sample.name) { state.descriptions[$0]?.type }
                let known = state.descriptions[family]
                let metric = AgentMetric(sample, known?.type ?? .untyped, help: known?.help, at: now)
                state.waiting.append(metric)
                state.bytes += bytes
            }
            return true
        }
    }

    /// What came since the last call, in its order, and how many samples were dropped.
    func collect() -> (metrics: [AgentMetric], dropped: Int) {
        state.withLock { state in
            defer {
                state.waiting = []
                state.dropped = 0
                state.bytes = 0
            }
            return (state.waiting, state.dropped)
        }
    }
}

extension AgentMetric {
    /// A sample of a text; without a timestamp, `now` is its time.
    init(_ sample: PrometheusSample, _ type: PrometheusType, help: String?, at now: Timestamp) {
        self.init(name: sample.name, type: type, value: sample.value, help: help, labels: sample.labels)
        time = sample.timestamp.flatMap(Self.time) ?? now
    }

    private static func time(_ milliseconds: Int64) -> Timestamp? {
        let (microseconds, overflows) = milliseconds.multipliedReportingOverflow(by: 1000)
        let time = Timestamp(microseconds: microseconds)
        return overflows || time < .earliest || time > .latest ? nil : time
    }
}
