package import Core
package import Ingest
package import Journal
internal import OpenTelemetry
package import Postgres

/// Turns requests with spans into rows of `span`.
///
/// A span that comes twice is one row. Of two that differ the one that ends later stays, so that lines of two Weirs may
/// meet in any order.
package struct SpansProjection: Projection {
    /// A span, with who it is of.
    package struct Element: Sendable {
        let span: Span
        let service: String?
        /// Who the span is of, as far as it is kept; all spans of a batch share it.
        let resource: [Attribute]
        let scope: SpanBatch.Scope
        let receivedAt: Timestamp
        let digest: UUID128
    }

    /// The most bytes of a resource, and of the attributes of a scope, that are kept with each span: a sender names them
    /// once for thousands of spans.
    static let mostShared = 4096

    /// How many spans a statement stores: as many messages are in memory at a time.
    private static let portion = 500

    package static let streamName = "spans"
    package var stream: String { Self.streamName }
    package var kinds: [String] { [SpanLine.kind] }
    private let metrics: TracesMetrics?

    /// Makes a projection; without metrics it counts nothing.
    init(metrics: TracesMetrics? = nil) { self.metrics = metrics }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [Element] {
        let batches: [SpanBatch]
        do {
            batches = try SpanLine.spans(line)
        } catch {
            throw Refusal(reason: "\(error)")
        }
        return batches.flatMap { batch in
            let service = batch.resource.first { $0.key == "service.name" }?.value.text
            let resource = Self.kept(batch.resource)
            var scope = batch.scope
            scope.name = scope.name.storable
            scope.version = scope.version.storable
            scope.attributes = Self.kept(scope.attributes)
            return batch.spans.map { span in
                var digest = KeyDigest()
                digest.add(bytes: Self.message(span, resource, scope)[...])
                return Element(
                    span: span,
                    service: service?.storable,
                    resource: resource,
                    scope: scope,
                    receivedAt: line.at,
                    digest: digest.finish()
                )
            }
        }
    }

    /// A request of OTLP with one span.
    static func message(_ span: Span, _ resource: [Attribute], _ scope: SpanBatch.Scope) -> [UInt8] {
        TraceRequest.encode([SpanBatch(resource: resource, scope: scope, spans: [span])])
    }

    /// The attributes that fit: the name of the service first, then the others in their order.
    private static func kept(_ attributes: [Attribute]) -> [Attribute] {
        let named = attributes.filter { $0.key == "service.name" }
        var left = mostShared
        return (named + attributes.filter { $0.key != "service.name" }).filter { attribute in
            let size = TraceRequest.encode([SpanBatch(resource: [attribute], scope: .init(), spans: [])])
                .count
            guard size <= left else { return false }
            left -= size
            return true
        }
    }

    package func apply(stage: Int, to elements: inout [Element], on connection: Connection) throws {
        // One statement must not meet a row twice.
        var chosen: [SpanKey: Element] = [:]
        for element in elements {
            let key = SpanKey(element.span)
            guard let other = chosen[key], !element.isAfter(other) else {
                chosen[key] = element
                continue
            }
        }
        let ordered = chosen.sorted { $0.key < $1.key }.map(\.value)
        for start in stride(from: 0, to: ordered.count, by: Self.portion) {
            try SpanStore.insert(
                Array(ordered[start..<min(start + Self.portion, ordered.count)]),
                on: connection
            )
        }
    }

    package func committed(_ elements: [Element]) { metrics?.received(elements.count) }
}

/// The key of a row, in the order of the index.
private struct SpanKey: Hashable, Comparable {
    let high: UInt64
    let low: UInt64
    let span: Int64

    init(_ span: Span) {
        high = span.traceID.high
        low = span.traceID.low
        self.span = Int64(bitPattern: span.spanID.value)
    }

    static func < (left: SpanKey, right: SpanKey) -> Bool {
        (left.high, left.low, left.span) < (right.high, right.low, right.span)
    }
}

extension SpansProjection.Element {
    /// Whether it stays of two with the same ids, as in `insert_spans.sql`.
    fileprivate func isAfter(_ other: Self) -> Bool {
        (span.endNumber, digest) > (other.span.endNumber, other.digest)
    }
}

extension Span {
    /// Nanoseconds since 1970 as PostgreSQL holds them: until 2262.
    var startNumber: Int64 { Int64(clamping: start) }
    /// The same for the end.
    var endNumber: Int64 { Int64(clamping: end) }
}

extension AttributeValue {
    /// The text of a text.
    var text: String? { if case .string(let text) = self { text } else { nil } }
}

extension String {
    /// Without what PostgreSQL can't hold, and not longer than a name should be.
    var storable: String { String(prefix(500)).replacing("\0", with: "\u{2400}") }
}
