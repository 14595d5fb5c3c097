internal import Core

extension LatestValues {
    /// Makes room for the series of a part.
    ///
    /// - Returns: the indices of entries beyond the bound of the component.
    func admit(
        _ part: WriteRequest.Part,
        of request: WriteRequest,
        _ component: Component,
        at now: Timestamp
    ) -> [Int] {
        let refused = admit(part.entries.lazy.map { request.entries[$0].identity }, of: component, at: now) {
            request.series(request.entries[part.entries[$0]])
        }
        let entries = refused.map { part.entries[$0] }
        if !entries.isEmpty {
            let samples = entries.reduce(0) { $0 + request.entries[$1].samples.count }
            countDropped(samples, of: component.key)
        }
        return entries
    }

    /// Shows the newest sample of each series of a part.
    func record(_ part: WriteRequest.Part, of request: WriteRequest, arrivedAt arrival: Timestamp) {
        let newest = part.entries.lazy.map { index in
            let entry = request.entries[index]
            var last = entry.samples.lowerBound
            for sample in entry.samples where request.times[sample] >= request.times[last] { last = sample }
            let at = Timestamp(microseconds: request.times[last])
            return (series: entry.identity, at: at, value: request.values[last])
        }
        record(newest, arrivedAt: arrival)
    }

    /// Shows what the series of a part say of their metrics, also of those that are known.
    func describe(
        _ part: WriteRequest.Part,
        of request: WriteRequest,
        _ descriptions: inout WriteDescriptions,
        arrivedAt arrival: Timestamp
    ) {
        guard request.message.version == .v2 else { return }
        var described: [Described] = []
        for entry in part.entries.lazy.map({ request.entries[$0] }) {
            // Without a type the name says it, as in PostgreSQL.
            guard let description = descriptions.find(entry)?.description,
                let type = description.type ?? request.series(entry)?.type
            else { continue }
            described.append(Described(entry: entry, type: type, description: description))
        }
        guard !described.isEmpty else { return }
        let changed = withTable { table in
            described.filter { one in
                table.number(of: one.entry.identity).map { table.slots[$0].type != one.type } ?? false
            }
        }
        // Reading labels takes long, and others wait for the table.
        let series = changed.map { request.series($0.entry) }
        withTable { table in
            var renewed: [Int: Series] = [:]
            for (one, series) in zip(changed, series) {
                if let number = table.number(of: one.entry.identity) { renewed[number] = series }
            }
            if !renewed.isEmpty { table.renew(renewed) }
            for one in described {
                guard let number = table.number(of: one.entry.identity) else { continue }
                table.describe(number, one.type, one.description, at: arrival)
            }
        }
    }
}

/// What a series of a request says of its metric.
private struct Described {
    let entry: WriteRequest.Entry
    let type: MetricType
    let description: WriteDescription
}
