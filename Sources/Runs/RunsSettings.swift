package import Configuration
internal import HTTP

/// The settings of tracked runs.
package enum RunsSettings {
    /// The status of a POST of a run whose event id is already stored.
    static let duplicateStatus = Setting<Status>(
        "WEIR_RUNS_DUPLICATE_STATUS",
        .duplicateStatus,
        default: "201",
        "The status of a POST of a run whose event_id is already stored."
    )

    /// Whether the requests of one client are limited.
    package static let limitsRate = Setting<Bool>(
        "WEIR_RUNS_RATE_LIMIT",
        .flag,
        default: "false",
        aliases: ["TELEMETRY_RATE_LIMIT_ENABLED"],
        "Whether one client may send only WEIR_RUNS_RATE_LIMIT_RPM requests about runs a minute."
    )

    /// Requests in any 60 seconds.
    package static let rateLimit = Setting<Int>(
        "WEIR_RUNS_RATE_LIMIT_RPM",
        .integer(1...1_000_000),
        default: "60",
        aliases: ["TELEMETRY_RATE_LIMIT_RPM"],
        "How many requests about runs one client may send in any 60 seconds, with WEIR_RUNS_RATE_LIMIT."
    )

    static let maxBatch = Setting<Int>(
        "WEIR_RUNS_MAX_BATCH",
        .integer(1...1_000_000),
        default: "10000",
        "How many runs one batch may hold; a larger one is answered 422."
    )

    /// How long a write waits for its outcome; a large batch waits up to 15 seconds more. Together they stay below
    /// the 30 seconds after which the server answers for a handler.
    static let applyTimeout = Setting<Duration>(
        "WEIR_RUNS_APPLY_TIMEOUT",
        .duration(.milliseconds(10) ... .seconds(14)),
        default: "3s",
        "How long a POST or PATCH waits for PostgreSQL before it is answered 503; it is kept and applied all the same."
    )

    /// Self-hosted servers of repositories, by host.
    static let gitHosts = Setting<[String: RepositoryLinks.Platform]>(
        "WEIR_GIT_HOSTS",
        .gitHosts,
        default: "",
        "Self-hosted servers whose commits have web pages."
    )

    /// Zero keeps runs for ever.
    package static let keep = Setting<Duration>(
        "WEIR_RUNS_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "0",
        "How long tracked runs are kept after they were created, whatever their status; 0 is for ever."
    )

    /// Zero keeps pings for ever.
    package static let pingsKeep = Setting<Duration>(
        "WEIR_PINGS_KEEP",
        .duration(.zero ... .seconds(86_400 * 36_500)),
        default: "90d",
        "How long the pings of checks are kept with their bodies; their runs stay. 0 is for ever."
    )

    /// Pings of other checks are not limited.
    static let unknownPings = Setting<Int>(
        "WEIR_PINGS_UNKNOWN_RPM",
        .integer(1...1_000_000),
        default: "60",
        "How many checks that do not exist one client may ping in any 60 seconds; more are answered 429."
    )

    /// Zero is never.
    static let staleAfter = Setting<Duration>(
        "WEIR_RUNS_STALE_AFTER",
        .duration(.zero ... .seconds(86_400 * 3650)),
        default: "0",
        "After how long a tracked run that is still running is ended as abandoned; 0 is never."
    )

    static let staleStatus = Setting<StaleRunStatus>(
        "WEIR_RUNS_STALE_STATUS",
        .word(),
        default: "cancelled",
        "What abandoned tracked runs are marked as."
    )

    /// All of them.
    package static let rows: [AnySetting] = [
        duplicateStatus.row, limitsRate.row, rateLimit.row, maxBatch.row, applyTimeout.row, gitHosts.row,
        keep.row, pingsKeep.row, unknownPings.row, staleAfter.row, staleStatus.row,
    ]
}

extension SettingParser where Value == Status {
    /// The two success statuses of the runs surface.
    fileprivate static var duplicateStatus: Self {
        SettingParser(accepts: "200 or 201") { text throws(SettingComplaint) in
            switch text {
            case "200": return .ok
            case "201": return .created
            default: throw SettingComplaint(why: "it is neither 200 nor 201")
            }
        }
    }
}

extension SettingParser where Value == [String: RepositoryLinks.Platform] {
    /// `host=platform`, separated by commas.
    fileprivate static var gitHosts: Self {
        let platforms = RepositoryLinks.Platform.allCases.map(\.rawValue).joined(separator: ", ")
        let accepts = "a comma list of host=platform, platforms \(platforms)"
        return SettingParser(accepts: accepts) { text throws(SettingComplaint) in
            var hosts: [String: RepositoryLinks.Platform] = [:]
            for part in text.split(separator: ",") where !part.trimmed.isEmpty {
                let halves = part.split(separator: "=", maxSplits: 1).map(\.trimmed)
                guard halves.count == 2,
                    let platform = RepositoryLinks.Platform(rawValue: halves[1].lowercased())
                else {
                    throw SettingComplaint(why: "'\(part.trimmed)' is not of the form host=platform")
                }
                hosts[halves[0].lowercased()] = platform
            }
            return hosts
        }
    }
}
