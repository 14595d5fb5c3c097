package import Core
package import Ingest
package import OpenTelemetry
package import Postgres

/// What a feature must answer so that its runs are traces: features know nothing of each other.
package protocol TraceSource: Sendable {
    /// A word for metrics, logs and the rows of the export: `nextflow`.
    var system: String { get }

    /// The run that an outbox event says has ended; nil for other events.
    func ended(_ event: OutboxEvent) -> TracedName?

    /// A run; nil when it is gone.
    func open(_ name: TracedName, on connection: Connection) throws -> (any TracedRun)?

    /// The runs that are part of a trace.
    func find(_ trace: TraceID, on connection: Connection) throws -> [any TracedRun]
}

/// What identifies a run within its feature.
package struct TracedName: Hashable, Sendable {
    /// Its id.
    package let subject: String
    /// Its name, where the id alone is not enough; may be empty.
    package let name: String

    /// Makes a name.
    package init(subject: String, name: String = "") {
        self.subject = subject
        self.name = name
    }
}

/// A run as a trace, in pages. All calls on the thread of the connection.
package protocol TracedRun: Sendable {
    /// The trace that it is part of.
    var trace: TraceID { get }

    /// The span of its sender; nil when it sent none. A sampler may follow its decision.
    var parent: TraceParent? { get }

    /// Who its spans are of.
    var resource: [Attribute] { get }

    /// The spans after a position; the first ones, with its root, for nil.
    ///
    /// `limit` is about how many spans a page has. A span that has not ended ends at `now`. `next` is nil at the end.
    func page(
        after position: String?,
        limit: Int,
        now: Timestamp,
        on connection: Connection
    ) throws -> (spans: [Span], next: String?)
}

extension TracedRun {
    /// Most runs come without one.
    package var parent: TraceParent? { nil }
}
