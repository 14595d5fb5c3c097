internal import Core
internal import Journal

/// Makes the metrics of a report durable, and shows them in the export. Whoever reports, a client or this server
/// itself, reports here.
struct ReportWriter: Sendable {
    /// How many metrics were stored, and how many were not because the component has too many series.
    struct Outcome: Hashable, Sendable {
        let inserted: Int
        let dropped: Int
    }

    let journal: Journal
    let registry: ComponentRegistry
    let latest: LatestValues
    let ids: Snowflake
    /// Takes reports to the loader.
    let written: WrittenReports

    /// Stores metrics; `line` is the report as JSON. A component that the registry does not know yet becomes known.
    ///
    /// - Throws: when the report is not durable; then nothing of it is stored.
    func write(
        _ report: MetricReport,
        of component: Component,
        line: [UInt8],
        arrivedAt arrival: Timestamp
    ) async throws(JournalError) -> Outcome {
        let samples = report.samples(of: component.key, arrivedAt: arrival)
        let dropped = latest.admit(samples, of: component, at: arrival)
        let admitted = dropped.isEmpty ? samples : samples.removing(dropped)
        if !dropped.isEmpty {
            SeriesLimitNotice(journal: journal, latest: latest).send(component, at: arrival)
        }
        guard !admitted.isEmpty || !registry.knows(component) else {
            return Outcome(inserted: 0, dropped: dropped.count)
        }
        let first = SampleBlock.counts(of: admitted.count).map { ids.mint($0) }
        let position = try await journal.append(
            kind: WorkersLine.Kind.report.rawValue,
            members: WorkersLine.members(component, ids: first, dropped: dropped, trace: report.trace),
            body: line
        )
        written.keep(
            WrittenReports.Report(
                component: component,
                report: report,
                ids: first,
                dropped: dropped,
                bytes: line.count
            ),
            of: position.seq
        )
        registry.learn(component)
        latest.record(admitted, of: component, arrivedAt: arrival)
        return Outcome(inserted: admitted.count, dropped: dropped.count)
    }
}

extension [Sample] {
    /// The samples without those at some indices, which ascend.
    func removing(_ indices: [Int]) -> [Sample] {
        guard !indices.isEmpty else { return self }
        var rest = indices[...]
        return enumerated().compactMap { index, sample in
            guard rest.first == index else { return sample }
            rest = rest.dropFirst()
            return nil
        }
    }
}
