internal import API
package import Core
package import Ingest
package import Journal
package import Postgres

/// Turns lines of registrations and reports into rows.
package struct WorkersProjection: Projection {
    /// The name of the stream.
    static let streamName = "workers"

    package let stream = WorkersProjection.streamName
    /// To read a request of remote-write takes longer than to store it.
    package let decodesInParallel = true
    package let kinds = WorkersLine.Kind.allCases.map(\.rawValue)

    /// Lifetimes that are set, for the route that waits for it.
    typealias Board = OutcomeBoard<Never, Void>

    private let board: Board?
    /// What is shown of pushes; nil in a replay.
    private let groups: PushGroups?
    private let reports: WrittenReports?
    private let identities: MetricIdentities
    private let series = SeriesNumbers()
    private let written: SeriesIdentities
    private let marks = RollupMarks()
    private let partitions = DayPartitions(table: "sample_block")

    /// - Parameters:
    ///   - board: tells the route that waits that a lifetime is set.
    ///   - reports: those that the route has just written; nil in a replay.
    ///   - identities: metrics that the route of reports has read, so that they are not read again.
    ///   - written: series that the route of remote-write has read.
    ///   - groups: what is shown of pushes; nil in a replay.
    init(
        board: Board? = nil,
        reports: WrittenReports? = nil,
        identities: MetricIdentities = MetricIdentities(),
        written: SeriesIdentities = SeriesIdentities(),
        groups: PushGroups? = nil
    ) {
        self.written = written
        self.board = board
        self.reports = reports
        self.identities = identities
        self.groups = groups
    }

    /// Makes the projection of a replay.
    package init() { self.init(board: nil) }

    package func decode(_ line: JournalLine, journal: UUID128) throws(Refusal) -> [WorkersElement] {
        guard let kind = WorkersLine.Kind(rawValue: line.kind) else {
            throw Refusal(reason: "not a line of workers: \(line.kind)")
        }
        let operations: [WorkersOperation]
        do {
            if let version = kind.remoteWriteVersion {
                let isImport = kind == .imported
                operations = [.remoteWrite(try RemoteWrite(line, version, written, isImport: isImport))]
            } else if kind == .otlpMetrics {
                operations = try OTLPLine.operations(line)
            } else {
                operations = [try self.operation(kind, line)]
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw Refusal(reason: "not a body of \(line.kind)")
        }
        return operations.map { WorkersElement(seq: line.seq, journal: journal, at: line.at, operation: $0) }
    }

    private func operation(_ kind: WorkersLine.Kind, _ line: JournalLine) throws -> WorkersOperation {
        if kind == .report, let written = reports?.take(line.seq) { return written.operation(at: line.at) }
        let document = try JSONDocument(Array(line.body))
        if kind == .sweep {
            guard let before = document.root["before"]?.timestamp else { throw Refusal(reason: "no time") }
            return .sweep(before: before)
        }
        if kind == .ttl {
            return .ttl(
                TTLChange(
                    metric: document.root["metric_name"]?.string,
                    component: document.root["component_name"]?.string,
                    days: document.root["ttl_days"]?.int64 ?? 1
                )
            )
        }
        guard let context = WorkersLine.Context(line.members) else {
            throw Refusal(reason: "the line does not name its component")
        }
        let component = context.component
        switch kind {
        case .push:
            guard let change = PushChange(document.root) else { throw Refusal(reason: "not a push") }
            let samples = change.samples(at: line.at)
            return .push(
                change,
                component,
                blocks: SampleBlock.blocks(samples, ids: context.ids)
            )
        case .seriesLimit: return .seriesLimit(component, limit: document.root["limit"]?.int64 ?? 0)
        case .heartbeat: return .heartbeat(component)
        case .deregister: return .deregister(component.key)
        case .report:
            var report = try ReportDecoder.report(document, .none, identities)
            report.trace = context.trace
            return WrittenReports.Report(
                component: component,
                report: report,
                ids: context.ids,
                dropped: context.dropped,
                bytes: line.body.count
            ).operation(at: line.at)
        case .register, .sweep, .ttl, .remoteWrite1, .remoteWrite2, .imported, .otlpMetrics:
            let registration = try RegistrationDecoder.registration(
                document.root,
                default: component.key.type,
                mayNameType: false
            )
            return .register(component, registration)
        }
    }

    package func prepare(_ elements: [WorkersElement], on connection: Connection) throws {
        series.begin()
        marks.begin()
        let arrivals = elements.lazy.filter(\.operation.hasSamples).map(\.at)
        try partitions.ensure(arrivals, on: connection)
    }

    package func apply(stage: Int, to elements: inout [WorkersElement], on connection: Connection) throws {
        do {
            try apply(&elements, on: connection)
        } catch {
            // Its savepoint takes back what these remember.
            series.begin()
            marks.begin()
            throw error
        }
    }

    private func apply(_ elements: inout [WorkersElement], on connection: Connection) throws {
        try RegistryApplyStore.apply(elements, on: connection)
        let spans =
            try SamplesApplyStore.insert(elements, series, on: connection)
            + RemoteWriteApplyStore.insert(elements, series, on: connection)
        try SampleCounts.add(spans, on: connection)
        try PushApplyStore.apply(elements.compactMap(\.push?.change), on: connection)
        for index in elements.indices {
            guard case .ttl(let change) = elements[index].operation else { continue }
            try SamplesApplyStore.setTTL(change, at: elements[index].at, on: connection)
        }
        // Last, so that a mark is remembered only if all of this has succeeded; and after the samples.
        try marks.mark(spans, on: connection)
    }

    package func committed(_ elements: [WorkersElement]) {
        series.commit()
        if let groups {
            for push in elements.compactMap(\.push) { groups.apply(push.change, of: push.component) }
        }
        marks.commit()
        guard let board else { return }
        var outcomes: [Int64: Void] = [:]
        for element in elements {
            if case .ttl = element.operation { outcomes[element.seq] = () }
        }
        if !outcomes.isEmpty { board.settle(outcomes) }
    }
}

extension WrittenReports.Report {
    /// What its line, which arrived at a moment, does.
    fileprivate func operation(at arrival: Timestamp) -> WorkersOperation {
        let samples = report.samples(of: component.key, arrivedAt: arrival).removing(dropped)
        return .report(component, blocks: SampleBlock.blocks(samples, ids: ids))
    }
}
