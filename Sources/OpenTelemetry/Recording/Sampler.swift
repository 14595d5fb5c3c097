/// Which traces are recorded. Contract pipelogiq §4.1.
package enum Sampler: Hashable, Sendable {
    case alwaysOn
    case alwaysOff
    /// A part of all traces, by their ids: every process with the same ratio takes the same ones. 0…1.
    case ratio(Double)
    /// As the caller did; a trace without one by its id.
    case parentBased(Double)

    /// Reads `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    ///
    /// A ratio is clamped to 0…1, and 1 when it is no number. Unknown names are `parentbased_traceidratio`.
    package init(name: String, argument: String) {
        let number = Double(argument).flatMap { $0.isNaN ? nil : $0 } ?? 1
        let ratio = min(max(number, 0), 1)
        switch name.lowercased() {
        case "always_on", "alwayson": self = .alwaysOn
        case "always_off", "alwaysoff": self = .alwaysOff
        case "traceidratio": self = .ratio(ratio)
        case "parentbased_always_off": self = .parentBased(0)
        default: self = .parentBased(ratio)
        }
    }

    /// Whether a trace is recorded; `parent` is what its caller said.
    package func takes(_ trace: TraceID, parent: TraceParent? = nil) -> Bool {
        switch self {
        case .alwaysOn: true
        case .alwaysOff: false
        case .ratio(let ratio): Self.takes(trace, ratio)
        case .parentBased(let ratio): parent?.isSampled ?? Self.takes(trace, ratio)
        }
    }

    /// The last eight bytes, shifted right by one, against the ratio of 2^63: as the SDKs of OpenTelemetry do.
    private static func takes(_ trace: TraceID, _ ratio: Double) -> Bool {
        trace.low >> 1 < UInt64(ratio * 0x1p63)
    }
}
