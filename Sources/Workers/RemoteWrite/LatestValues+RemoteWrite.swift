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
}
