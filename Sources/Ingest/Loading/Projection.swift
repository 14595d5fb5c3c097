package import Core
package import Journal
package import Postgres

/// What a feature does with the lines of its stream: a pure function of the line and the rows.
///
/// No `now()`, no settings, no sequence that a client can see. Rows of two Weirs may meet in any order, so a
/// projection of telemetry commutes. Design §1.
package protocol Projection: Sendable {
    /// One element of a line: a line may carry a batch.
    associatedtype Element: Sendable

    /// The name of the stream, as positions, dead letters and metrics know it.
    var stream: String { get }

    /// The kinds of lines that it wants, versions included.
    var kinds: [String] { get }

    /// Turns a line into its elements.
    ///
    /// - Throws: `Refusal` when no released version would have written this line; it becomes a dead letter.
    func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [Element]

    /// Prepares a session: temporary tables, planner settings. Called once for each new connection.
    func prepare(_ connection: Connection) throws

    /// Does what must not wait for the rows' transaction, such as making partitions.
    func prepare(_ elements: [Element], on connection: Connection) throws

    /// How many stages a batch goes through. What a stage refuses is a dead letter and skips the later stages; what
    /// earlier stages stored for it stays.
    var stageCount: Int { get }

    /// Applies one stage to some neighbouring elements, inside of a savepoint. May be called again with parts of them
    /// when PostgreSQL refused the whole.
    ///
    /// - Throws: `PostgresError`, or `BatchTooLarge` to get fewer elements at a time.
    func apply(stage: Int, to elements: inout [Element], on connection: Connection) throws

    /// Brings elements into the state in which the first stage left them, for a retry of a later stage.
    func restore(_ elements: inout [Element], on connection: Connection) throws

    /// Learns what was committed, in order: for counters and histograms of this process. Not called in a replay.
    func committed(_ elements: [Element])
}

extension Projection {
    /// One stage: rows are made all at once.
    package var stageCount: Int { 1 }

    /// Nothing to prepare.
    package func prepare(_ connection: Connection) throws {}

    /// Nothing to prepare.
    package func prepare(_ elements: [Element], on connection: Connection) throws {}

    /// Nothing to count.
    package func committed(_ elements: [Element]) {}

    /// Nothing to bring back: the elements carry all that the stages need.
    package func restore(_ elements: inout [Element], on connection: Connection) throws {}
}

/// Several elements need more memory together than a batch may take: they are applied by halves. Never thrown for one.
package struct BatchTooLarge: Error, CustomStringConvertible {
    /// Makes the error.
    package init() {}

    package let description = "these elements need too much memory together"
}
