import API
package import Configuration
package import Ingest

/// Settings with their sources.
package struct ResolvedSettings: Sendable {
    /// The source of a value.
    package enum Source: Hashable, Sendable {
        /// An option on the command line, without its dashes.
        case flag(String)
        /// An environment variable, or its alias.
        case environment(String)
        /// The default.
        case `default`
    }

    /// A setting, its text and its source.
    package struct Entry: Sendable {
        package let setting: AnySetting
        /// The text as it was given; nil when it is not set. **Not masked.**
        package let text: String?
        package let source: Source

        /// The text for display: `***` for a secret.
        package var shownText: String {
            guard let text, !text.isEmpty else { return "" }
            return setting.isSecret ? "***" : text
        }
    }

    /// The typed values.
    package let settings: Settings
    /// One entry per setting, in the order of the table.
    package let entries: [Entry]
    /// Oddities that are no errors: unknown `WEIR_…` variables.
    package let warnings: [String]
}

extension Settings {
    /// Every setting of the server and of some features, in the order of `weir config` and of the documentation.
    package static func rows(of features: [Feature] = Feature.all) -> [AnySetting] {
        ServerSettings().rows + features.flatMap(\.settings)
    }

    /// Resolves every setting: an option overrides a variable, a variable overrides an alias, all override the
    /// default.
    ///
    /// `flags` holds values by option name without dashes. An empty variable counts as not set, since compose files
    /// pass on empty ones. Throws the first value that is not usable.
    package static func resolve(
        flags: [String: String] = [:],
        environment: [String: String] = [:],
        features: [Feature] = Feature.all
    ) throws(SettingError) -> ResolvedSettings {
        let rows = rows(of: features)
        var settings = Settings()
        var entries: [ResolvedSettings.Entry] = []
        for setting in rows {
            let (text, source) = find(setting, flags, environment)
            if source != .default, let text {
                try apply(setting, text, source, to: &settings)
            }
            entries.append(ResolvedSettings.Entry(setting: setting, text: text, source: source))
        }
        settings.listen += settings.metricsListen
        try settings.requireRunsToken()
        let warnings = unknownVariables(environment, rows).map {
            warning(forUnknown: $0, rows)
        }
        return ResolvedSettings(settings: settings, entries: entries, warnings: warnings)
    }

    /// As in the original runs server: its one token is for all writes.
    private mutating func requireRunsToken() throws(SettingError) {
        guard self.runsNeedToken else { return }
        guard let runsToken = self.runsToken else {
            throw SettingError(
                carrier: "WEIR_RUNS_AUTH",
                value: "true",
                why: "there is no WEIR_RUNS_TOKEN (TELEMETRY_API_AUTH_TOKEN)",
                accepts: "false, or true together with a token"
            )
        }
        self.tokens.append(AccessToken(name: "WEIR_RUNS_TOKEN", secret: runsToken, scopes: [.ingest, .read]))
    }

    private static func find(
        _ setting: AnySetting,
        _ flags: [String: String],
        _ environment: [String: String]
    ) -> (text: String?, source: ResolvedSettings.Source) {
        if let flag = setting.flag, let text = flags[flag] { return (text.trimmed, .flag(flag)) }
        for name in [setting.name] + setting.aliases {
            if let text = environment[name]?.trimmed, !text.isEmpty { return (text, .environment(name)) }
        }
        return (setting.defaultText, .default)
    }

    private static func apply(
        _ setting: AnySetting,
        _ text: String,
        _ source: ResolvedSettings.Source,
        to settings: inout Settings
    ) throws(SettingError) {
        do {
            try settings.set(setting, to: text)
        } catch {
            throw SettingError(
                carrier: source.carrier,
                value: setting.isSecret ? nil : text,
                why: error.why,
                accepts: setting.accepts
            )
        }
    }

    /// The variables of client commands, and those that `weir track` sets for its command.
    private static let clientVariables = ["WEIR_URL", "WEIR_TOKEN", "WEIR_RUN_ID", "WEIR_EVENT_ID"]

    private static func unknownVariables(_ environment: [String: String], _ rows: [AnySetting]) -> [String] {
        let known = Set(
            rows.flatMap { [$0.name] + $0.aliases } + [FaultPoint.variable] + clientVariables
        )
        return environment.keys.filter { $0.hasPrefix("WEIR_") && !known.contains($0) }.sorted()
    }

    private static func warning(forUnknown name: String, _ rows: [AnySetting]) -> String {
        let nearest = rows.map { (name: $0.name, distance: $0.name.editDistance(to: name)) }
            .min { $0.distance < $1.distance }
        guard let nearest, nearest.distance <= max(2, name.count / 4) else {
            return "\(name) is no setting of Weir and is ignored; `weir config` lists them all"
        }
        return "\(name) is no setting of Weir and is ignored; did you mean \(nearest.name)?"
    }
}

extension ResolvedSettings.Source {
    /// The option or variable as the user wrote it.
    var carrier: String {
        switch self {
        case .flag(let name): "--\(name)"
        case .environment(let name): name
        case .default: "default"
        }
    }
}

extension String {
    /// The number of single characters to insert, remove or change to get `other` (Levenshtein).
    package func editDistance(to other: String) -> Int {
        let target = Array(other.utf8)
        var row = Array(0...target.count)
        for (line, byte) in utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in target.indices {
                let substituted = diagonal + (byte == target[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = Swift.min(substituted, row[column] + 1, diagonal + 1)
            }
        }
        return row[target.count]
    }
}
