/// What every session of a pool or a dedicated connection is set to after it has connected.
///
/// `TimeZone=UTC`, `DateStyle=ISO`, `client_encoding=UTF8` and `bytea_output=hex` are always set.
package struct SessionSettings: Hashable, Sendable {
    /// Shown in `pg_stat_activity`.
    package var applicationName: String
    /// How long to try to connect, for all hosts together.
    package var connectTimeout: Duration
    /// The server cancels a statement after this long (57014); nil waits for ever.
    package var statementTimeout: Duration?
    /// The server gives a lock up after this long (55P03); nil waits for ever.
    package var lockTimeout: Duration?
    /// Further settings by name, such as `synchronous_commit`.
    package var parameters: [String: String]

    /// Creates settings; all have defaults that suit a request.
    package init(
        applicationName: String = "weir",
        connectTimeout: Duration = .seconds(5),
        statementTimeout: Duration? = .seconds(30),
        lockTimeout: Duration? = nil,
        parameters: [String: String] = [:]
    ) {
        self.applicationName = applicationName
        self.connectTimeout = connectTimeout
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.parameters = parameters
    }

    /// The statements that put the settings into force, for the simple protocol.
    var script: String {
        var all = parameters
        all["TimeZone"] = "UTC"
        all["DateStyle"] = "ISO"
        all["bytea_output"] = "hex"
        all["standard_conforming_strings"] = "on"
        all["statement_timeout"] = statementTimeout.map { String($0.wholeMilliseconds) } ?? "0"
        all["lock_timeout"] = lockTimeout.map { String($0.wholeMilliseconds) } ?? "0"
        return all.sorted { $0.key < $1.key }
            .map { "SET \(Identifier.quoted($0.key)) = \(Identifier.literal($0.value))" }
            .joined(separator: ";")
    }
}

/// Names and constants inside SQL text, for the few statements that take no `$1`.
package enum Identifier {
    /// `name` in double quotes, its own doubled.
    package static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// `value` in single quotes, its own doubled; right only with `standard_conforming_strings`.
    package static func literal(_ value: String) -> String {
        "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

extension Duration {
    /// Rounded up, so that a short timeout never becomes the 0 that means none.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
