internal import API
internal import Core
internal import Journal
internal import OpenTelemetry

/// The line of a request with metrics: the message as it came.
enum OTLPLine {
    /// What its members say: each component with the ids of the first samples of its blocks, in the order of the parts;
    /// and the numbers of the data points that are not stored because of a limit.
    static func members(
        _ received: ReceivedMetrics,
        _ components: [Component],
        dropped: Set<Int>,
        _ ids: Snowflake
    ) -> LineMembers {
        let described = zip(received.parts, components).map { part, component in
            let firsts = SampleBlock.counts(of: part.samples.count).map { ids.mint($0) }
            return ([component.id] + firsts).map(String.init).joined(separator: " ")
        }
        return LineMembers([
            "components": described.joined(separator: ";"),
            "dropped": dropped.sorted().map(String.init).joined(separator: " "),
        ])
    }

    /// What a line does, once for each of its components. The message was accepted once, so it is not limited.
    static func operations(_ line: JournalLine) throws -> [WorkersOperation] {
        let (encoding, message) = try OTLPEncoding.message(ofLine: Array(line.body))
        let members = line.members.object
        let received = try MetricSamples.received(
            try encoding.metrics(message, limits: .ofLines),
            arrivedAt: line.at,
            limits: .none,
            leavingOut: Set(WorkersLine.numbers(members?["dropped"]))
        )
        let components = (members?["components"]?.string ?? "").split(separator: ";")
        guard components.count == received.parts.count else {
            throw OTLPError.json("its components are others")
        }
        return zip(received.parts, components).map { part, text in
            let numbers = text.split(separator: " ").compactMap { Int64($0) }
            return .measurements(
                Component(key: part.component, id: numbers.first ?? 0),
                blocks: SampleBlock.blocks(part.samples, ids: Array(numbers.dropFirst()))
            )
        }
    }
}
