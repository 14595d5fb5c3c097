internal import API
package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns lines of executions into rows. Lines of different executions commute, and so do observations of different
/// axes; of one axis the newest by its own time counts.
package struct ExecutionsProjection: Projection {
    /// The name of the stream.
    package static let streamName = "executions"

    package let stream = ExecutionsProjection.streamName
    package let kinds = ExecutionLine.Kind.allCases.map(\.rawValue)
    package let stageCount = 1

    /// Connects the routes and the loader.
    typealias Board = OutcomeBoard<Never, ExecutionOutcome>

    private let board: Board?
    private let metrics: ExecutionsMetrics?

    /// Makes the projection; a replay has neither board nor metrics.
    package init() {
        self.init(board: nil, metrics: nil)
    }

    /// Makes the projection; `board` and `metrics` get everything that is loaded live.
    init(board: Board?, metrics: ExecutionsMetrics?) {
        self.board = board
        self.metrics = metrics
    }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [ExecutionElement] {
        typealias Member = ExecutionLine.Member
        guard let kind = ExecutionLine.Kind(rawValue: line.kind) else {
            throw Refusal(reason: "not a line of executions: \(line.kind)")
        }
        let members = line.members
        guard let id = members.uuid(Member.execution) else {
            throw Refusal(reason: "the line does not name its execution")
        }
        guard let document = try? JSONDocument(Array(line.body)) else {
            throw Refusal(reason: "the body is not JSON")
        }
        let operation: ExecutionOperation
        do throws(OperatorFailure) {
            switch kind {
            case .create:
                var execution = try ExecutionDecoder.execution(document.root, uuid: id, at: line.at)
                execution.set(.createRequestSHA256, members[Member.digest] ?? "")
                execution.set(.createIdempotencyKey, members[Member.key])
                execution.set(.correlationID, members[Member.request])
                execution.setTrace(
                    members[Member.traceParent],
                    members[Member.traceState],
                    at: line.at
                )
                operation = .create(execution)
            case .patch: operation = .change(try ExecutionDecoder.change(document.root))
            case .observation:
                let minted = members.uuid(Member.observation) ?? id
                operation = .observe(
                    try ExecutionDecoder.observation(document.root, uuid: minted, at: line.at)
                )
            }
        } catch {
            throw Refusal(reason: "not a body of \(line.kind)")
        }
        var place = id
        if case .create(let execution) = operation { place = execution.uuid }
        let cause = ExecutionLedger.Cause(at: line.at, request: members[Member.request])
        return [ExecutionElement(seq: line.seq, id: place, cause: cause, operation: operation)]
    }

    package func prepare(_ connection: Connection) throws {
        try ExecutionsApplyStore.prepare(connection)
    }

    package func apply(stage: Int, to elements: inout [ExecutionElement], on connection: Connection) throws {
        let ids = Set(elements.map(\.id))
        let keys = Set(
            elements.compactMap { element -> String? in
                guard case .create(let execution) = element.operation else { return nil }
                return execution.text(.createIdempotencyKey)
            }
        )
        // Another Weir may have stored one of these executions since the last read: then this reads again.
        for _ in 0..<Self.attempts {
            var table = ExecutionTable(
                try ExecutionsApplyStore.fetch(ids.sorted(), keys: keys.sorted(), on: connection)
            )
            for index in elements.indices { table.apply(&elements[index]) }
            if try ExecutionsApplyStore.store(table, on: connection) { return }
        }
        throw ExecutionsConflict()
    }

    package func committed(_ elements: [ExecutionElement]) {
        var outcomes: [Int64: ExecutionOutcome] = [:]
        for element in elements {
            guard let outcome = element.outcome else { continue }
            outcomes[element.seq] = outcome
            metrics?.loaded(element, outcome)
        }
        board?.settle(outcomes)
    }

    private static let attempts = 5
}

/// Another Weir keeps storing the same executions; the batch is retried.
struct ExecutionsConflict: Error, CustomStringConvertible {
    let description = "the same executions are being stored by another Weir"
}
