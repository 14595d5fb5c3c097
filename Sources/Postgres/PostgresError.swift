/// A failure of the server, of the connection to it, or of a value sent or received.
///
/// `description` holds the context and the server's primary message only: the detail may quote values.
package struct PostgresError: Error, Hashable, Sendable {
    /// The cause, which decides the caller's reaction.
    package var kind: Kind
    /// The five characters of SQLSTATE, absent if the server sent none.
    package var sqlState: String?
    /// The server's primary message, or libpq's, on one line.
    package var message: String
    /// The server's DETAIL. It may quote stored values, so it belongs in a dead letter and never in a log.
    package var detail: String?
    /// What was attempted: the name of a statement, `COMMIT`, `connect`.
    package var context: String

    /// Creates an error that did not come from the server.
    package init(
        kind: Kind,
        sqlState: String? = nil,
        message: String,
        detail: String? = nil,
        context: String
    ) {
        self.kind = kind
        self.sqlState = sqlState
        self.message = message
        self.detail = detail
        self.context = context
    }

    /// The causes, each with one correct reaction.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// No server answered, or it is starting up or shutting down: try again later.
        case unreachable
        /// The server refused the user or the password (class 28): the operator has to act.
        case authentication
        /// The role lacks a right (42501): the operator has to act.
        case forbidden
        /// The server has no connection left for the role, the database or at all (53300): try again later.
        case tooManyConnections = "too_many_connections"
        /// The database does not exist (3D000): the operator has to act.
        case missingDatabase = "missing_database"
        /// The server is older than the oldest supported major version.
        case unsupportedServer = "unsupported_server"
        /// The values can not be stored (classes 22, 23, 54): retrying does not help.
        case refusedData = "refused_data"
        /// The same transaction may succeed later (08, 25006, 40, 53, 55, 57, 58, XX).
        case transient
        /// A statement was cancelled or ran into its timeout (57014), or the waiting task was cancelled.
        case cancelled
        /// No pooled connection became free in time.
        case poolTimeout = "pool_timeout"
        /// The pool or the dedicated connection was closed.
        case closed
        /// A column is absent, NULL or of another type than the reader expects.
        case undecodable
        /// The statement itself is wrong (42 and everything unknown): a bug of Weir or of the schema.
        case programming
    }

    /// A bounded word for metric labels.
    package var reason: String { kind.rawValue }

    /// Whether a retry may succeed.
    package var isRetryable: Bool {
        switch kind {
        case .unreachable, .transient, .cancelled, .poolTimeout, .tooManyConnections: true
        case .authentication, .forbidden, .missingDatabase, .unsupportedServer, .refusedData, .closed,
            .undecodable, .programming:
            false
        }
    }

    /// Whether a starting process should give up: waiting does not help.
    package var isFatalAtStart: Bool {
        switch kind {
        case .authentication, .forbidden, .missingDatabase, .unsupportedServer: true
        default: false
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// Context, primary message and SQLSTATE; never the detail.
    package var description: String {
        let state = sqlState.map { " (SQLSTATE \($0))" } ?? ""
        return "\(context): \(message)\(state)"
    }
}

extension PostgresError: CustomReflectable {
    /// Keeps the detail out of dumps.
    package var customMirror: Mirror {
        Mirror(self, children: ["kind": kind, "description": description])
    }
}

extension PostgresError.Kind {
    /// The reaction to an SQLSTATE, by its class (PostgreSQL documentation, appendix A).
    package init(sqlState: String) {
        switch sqlState {
        case "57014": self = .cancelled
        case "25006": self = .transient
        case "42501": self = .forbidden
        case "53300": self = .tooManyConnections
        case "3D000": self = .missingDatabase
        default: self = Self.ofClass[String(sqlState.prefix(2))] ?? .programming
        }
    }

    private static let ofClass: [String: Self] = [
        "08": .transient, "40": .transient, "53": .transient, "55": .transient, "57": .transient,
        "58": .transient, "XX": .transient,
        "22": .refusedData, "23": .refusedData, "54": .refusedData,
        "28": .authentication,
        "42": .programming,
    ]
}
