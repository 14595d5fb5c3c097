import HTTP
import Runs

extension Setting {
    static let runs: [Setting] = [
        Setting(
            "WEIR_RUNS_DUPLICATE_STATUS",
            \.duplicateRunStatus,
            .duplicateStatus,
            default: "201",
            "What a POST of a run answers whose event_id is there already."
        ),
        Setting(
            "WEIR_RUNS_AUTH",
            \.runsNeedToken,
            .flag,
            default: "false",
            aliases: ["TELEMETRY_API_AUTH_ENABLED"],
            "Whether writing runs needs WEIR_RUNS_TOKEN; whoever reads needs none then."
        ),
        Setting(
            "WEIR_RUNS_TOKEN",
            \.runsToken,
            .optionalText("a secret"),
            default: nil,
            aliases: ["TELEMETRY_API_AUTH_TOKEN"],
            isSecret: true,
            "The token of WEIR_RUNS_AUTH; WEIR_TOKENS and `weir token create` do more."
        ),
        Setting(
            "WEIR_RUNS_RATE_LIMIT",
            \.limitsRunsRate,
            .flag,
            default: "false",
            aliases: ["TELEMETRY_RATE_LIMIT_ENABLED"],
            "Whether one client may send only WEIR_RUNS_RATE_LIMIT_RPM requests about runs a minute."
        ),
        Setting(
            "WEIR_RUNS_RATE_LIMIT_RPM",
            \.runsRateLimit,
            .integer(1...1_000_000),
            default: "60",
            aliases: ["TELEMETRY_RATE_LIMIT_RPM"],
            "How many requests about runs one client may send in any 60 seconds, with WEIR_RUNS_RATE_LIMIT."
        ),
        Setting(
            "WEIR_RUNS_MAX_BATCH",
            \.maxBatch,
            .integer(1...1_000_000),
            default: "10000",
            "How many runs one batch may hold; a larger one is answered 422."
        ),
        Setting(
            "WEIR_GIT_HOSTS",
            \.gitHosts,
            .gitHosts,
            default: "",
            "Self-hosted servers whose commits have web pages."
        ),
    ]
}

extension SettingParser where Value == Status {
    /// The two answers that clients of the runs surface take for success.
    static var duplicateStatus: Self {
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
    /// `host=platform`, divided by commas.
    static var gitHosts: Self {
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
