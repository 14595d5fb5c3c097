import CLibpq
import Glibc

/// Establishes sessions by libpq's asynchronous calls, since only those give the SQLSTATE of a refusal.
struct Dialer {
    var target: ConnectionTarget
    var settings: SessionSettings

    /// Connects within the connect timeout. The caller has to close the result.
    func connect() throws(PostgresError) -> OpaquePointer {
        guard let raw = start() else {
            throw PostgresError(kind: .unreachable, message: "libpq is out of memory", context: "connect")
        }
        do throws(PostgresError) {
            try establish(raw)
        } catch {
            PQfinish(raw)
            throw error
        }
        return raw
    }

    /// Values of the target win over these.
    private var defaults: [String: String] {
        [
            "application_name": settings.applicationName,
            "client_encoding": "UTF8",
            // Detects a server that has vanished within a minute.
            "keepalives_idle": "30",
            "keepalives_interval": "10",
            "keepalives_count": "3",
            "tcp_user_timeout": "60000",
        ]
    }

    private func start() -> OpaquePointer? {
        var all = defaults.merging(target.parameters) { _, given in given }
        all["client_encoding"] = "UTF8"
        var keywords = CStringArena()
        var values = CStringArena()
        for (keyword, value) in all.sorted(by: { $0.key < $1.key }) {
            keywords.append(keyword)
            values.append(value)
        }
        keywords.appendNull()
        values.appendNull()
        return keywords.withPointers { keywords, _ in
            values.withPointers { values, _ in PQconnectStartParams(keywords, values, 0) }
        }
    }

    private func establish(_ raw: OpaquePointer) throws(PostgresError) {
        // The verbose form puts SQLSTATE into the message; libpq keeps no other trace of it until connected.
        PQsetErrorVerbosity(raw, PQERRORS_VERBOSE)
        // libpq would write notices to standard error.
        PQsetNoticeProcessor(raw, { _, _ in }, nil)
        guard PQstatus(raw) != CONNECTION_BAD else { throw failure(raw) }
        let deadline = ContinuousClock.now + settings.connectTimeout
        var awaited = PGRES_POLLING_WRITING
        while awaited != PGRES_POLLING_OK {
            try wait(raw, for: awaited, until: deadline)
            awaited = PQconnectPoll(raw)
            guard awaited != PGRES_POLLING_FAILED else { throw failure(raw) }
        }
        PQsetErrorVerbosity(raw, PQERRORS_DEFAULT)
    }

    private func wait(
        _ raw: OpaquePointer,
        for awaited: PostgresPollingStatusType,
        until deadline: ContinuousClock.Instant
    ) throws(PostgresError) {
        let events = awaited == PGRES_POLLING_READING ? POLLIN : POLLOUT
        var descriptor = pollfd(fd: PQsocket(raw), events: Int16(events), revents: 0)
        while true {
            let left = (deadline - ContinuousClock.now).wholeMilliseconds
            if left <= 0 {
                throw PostgresError(
                    kind: .unreachable,
                    message: "no answer within \(settings.connectTimeout) from \(target.masked)",
                    context: "connect"
                )
            }
            if poll(&descriptor, 1, Int32(clamping: left)) > 0 { return }
        }
    }

    private func failure(_ raw: OpaquePointer) -> PostgresError {
        let text = PQerrorMessage(raw).map { String(cString: $0) } ?? ""
        return Self.failure(message: text, needsPassword: PQconnectionNeedsPassword(raw) == 1)
    }

    /// Classifies libpq's error of a refused connection.
    static func failure(message text: String, needsPassword: Bool) -> PostgresError {
        let firstLine = String(text.prefix { $0 != "\n" })
        let (sqlState, message) = splitSQLState(firstLine)
        var kind = sqlState.map { PostgresError.Kind(sqlState: $0) } ?? .unreachable
        if needsPassword { kind = .authentication }
        // The server is starting, shutting down or was stopped by an administrator: it is away, and the statement is
        // not at fault.
        if let sqlState, sqlState.hasPrefix("57") || sqlState.hasPrefix("08") { kind = .unreachable }
        return PostgresError(kind: kind, sqlState: sqlState, message: message, context: "connect")
    }

    /// Takes `28P01` out of `… FATAL:  28P01: password authentication failed …`.
    private static func splitSQLState(_ line: String) -> (sqlState: String?, message: String) {
        let parts = line.split(separator: ": ", omittingEmptySubsequences: false)
        let found = parts.indices.dropFirst().first { index in
            let word = parts[index].drop { $0 == " " }
            // Every class has a digit; the severity before it (`FATAL`) has none.
            return word.utf8.count == 5 && word.utf8.contains { $0.decimalValue != nil }
                && word.utf8.allSatisfy { $0.decimalValue != nil || (65...90).contains($0) }
        }
        guard let found else { return (nil, line) }
        let state = parts[found].drop { $0 == " " }
        return (String(state), (parts[..<found] + parts[(found + 1)...]).joined(separator: ": "))
    }
}
