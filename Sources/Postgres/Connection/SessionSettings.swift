/// The settings of every session of a pool or a dedicated connection, applied after it has connected.
///
/// Settings that change the text of results or the meaning of statements are always set, so that settings of the role,
/// the database and the server (`ALTER ROLE weir SET DateStyle = …`) have no effect. Settings in the URL
/// (`options=-csearch_path%3Dtelemetry`) stay.
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

    /// The statements that apply the settings, for the simple protocol.
    func script(serverVersion: Int) -> String {
        // `parameters` may replace the first group, and never the second.
        var all = Self.patience.merging(parameters) { _, given in given }
        if serverVersion >= 170_000, all["transaction_timeout"] == nil { all["transaction_timeout"] = "0" }
        all.merge(Self.text) { _, ours in ours }
        all["statement_timeout"] = statementTimeout.map { String($0.wholeMilliseconds) } ?? "0"
        all["lock_timeout"] = lockTimeout.map { String($0.wholeMilliseconds) } ?? "0"
        let assignments = all.sorted { $0.key < $1.key }
            .map { "SET \(Identifier.quoted($0.key)) = \(Identifier.literal($0.value))" }
        // First the syntax of strings, since the following literals depend on it.
        return (["SET standard_conforming_strings = on"] + assignments + [Self.searchPath])
            .joined(separator: ";")
    }

    /// Weir ends its sessions by itself.
    private static let patience = [
        "idle_session_timeout": "0", "idle_in_transaction_session_timeout": "0",
        "default_transaction_isolation": "read committed", "default_transaction_deferrable": "off",
    ]

    /// The text format of values, and the meaning of statements.
    private static let text = [
        "TimeZone": "UTC", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "bytea_output": "hex",
        "extra_float_digits": "1", "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "array_nulls": "on",
        "transform_null_equals": "off", "quote_all_identifiers": "off", "row_security": "on",
    ]

    /// The role's own path if it leads to Weir's tables, else the server's default path. A path from the URL,
    /// from the database or from the server's configuration stays.
    private static let searchPath = """
        SELECT set_config('search_path', coalesce(
            (
                SELECT quote_ident(n.nspname)
                FROM pg_class c
                JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.oid = to_regclass('weir_migration')
            ),
            '"$user", public'
        ), false)
        FROM pg_settings
        WHERE name = 'search_path' AND source IN ('global', 'user', 'database user')
        """
}

extension Duration {
    /// Rounded up, so that a short timeout never becomes the 0 that means none.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
