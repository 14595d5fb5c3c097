package import Core
package import Journal
package import Postgres

/// How a feature applies the lines of its stream: a pure function of the line and the rows.
///
/// It uses no `now()`, no settings, no sequence that a client can see. Rows of two Weirs may arrive in any order, so
/// a projection of telemetry commutes. Design §1.
package protocol Projection: Sendable {
    /// One element of a line: a line may carry a batch.
    associatedtype Element: Sendable

    /// The name of the stream in positions, dead letters and metrics.
    var stream: String { get }

    /// The kinds of its lines, including versions.
    var kinds: [String] { get }

    /// Turns a line into its elements.
    ///
    /// - Throws: `Refusal` when no released version would have written this line; it becomes a dead letter.
    func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [Element]

    /// Whether lines of a batch may be decoded at the same time, in any order: worth it where that is most of the work.
    var decodesInParallel: Bool { get }

    /// Prepares a session: temporary tables, planner settings. Called once for each new connection.
    func prepare(_ connection: Connection) throws

    /// Does work outside the rows' transaction, such as making partitions.
    func prepare(_ elements: [Element], on connection: Connection) throws

    /// The number of stages of a batch. An element that a stage refuses becomes a dead letter and skips the later
    /// stages; rows of earlier stages stay.
    var stageCount: Int { get }

    /// Applies one stage to some adjacent elements, within a savepoint. May be called again with parts of them when
    /// PostgreSQL refused the whole.
    ///
    /// - Throws: `PostgresError`, or `BatchTooLarge` to get fewer elements in each call.
    func apply(stage: Int, to elements: inout [Element], on connection: Connection) throws

    /// Brings elements into the state after the first stage, for a retry of a later stage.
    func restore(_ elements: inout [Element], on connection: Connection) throws

    /// Gets the committed elements, in order: for counters and histograms of this process. Not called in a replay.
    func committed(_ elements: [Element])
}

extension Projection {
    /// One line after the other.
    package var decodesInParallel: Bool { false }

    /// One stage by default.
    package var stageCount: Int { 1 }

    /// Nothing to prepare.
    package func prepare(_ connection: Connection) throws {}

    /// Nothing to prepare.
    package func prepare(_ elements: [Element], on connection: Connection) throws {}

    /// Nothing to count.
    package func committed(_ elements: [Element]) {}

    /// Nothing to restore: the elements hold all that the stages need.
    package func restore(_ elements: inout [Element], on connection: Connection) throws {}
}

/// Several elements together need more memory than a batch may use: they are applied by halves. Never thrown for one.
package struct BatchTooLarge: Error, CustomStringConvertible {
    /// Makes the error.
    package init() {}

    package let description = "these elements need too much memory together"
}
