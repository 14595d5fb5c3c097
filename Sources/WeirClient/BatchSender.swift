internal import Core

/// Sends waiting records as a batch; a record that Weir can't read does not block the others.
struct BatchSender {
    let transport: Transport
    let records: [ArraySlice<UInt8>]
    let deadline: ContinuousClock.Instant

    private struct Unavailable: Error {}

    /// The places of the records that Weir refused permanently; nil when Weir is away.
    func send() async -> [Int]? {
        try? await refused(in: 0..<records.count)
    }

    /// A batch that is refused as a whole is halved until the refused record is found.
    private func refused(in range: Range<Int>) async throws(Unavailable) -> [Int] {
        let body = Array(records[range].joined(separator: [UInt8(ascii: ",")]))
        let array = [UInt8(ascii: "[")] + body + [UInt8(ascii: "]")]
        switch await transport.send(.batch, array, until: deadline) {
        case .taken(let answer):
            let errors = answer.root["errors"]?.elements.compactMap { $0.string } ?? []
            return range.filter { Self.named(records[$0], in: errors) }
        case .refused(status: 400, _), .refused(status: 413, _), .refused(status: 422, _):
            guard range.count > 1 else { return Array(range) }
            let middle = range.lowerBound + range.count / 2
            return try await refused(in: range.lowerBound..<middle) + refused(in: middle..<range.upperBound)
        case .refused, .unavailable: throw Unavailable()
        }
    }

    /// Whether one of the errors, `<event_id>: why`, is about a record. Contract §1.5.
    private static func named(_ record: ArraySlice<UInt8>, in errors: [String]) -> Bool {
        guard !errors.isEmpty, let document = try? JSONDocument(Array(record)),
            let eventID = document.root["event_id"]?.string
        else { return false }
        return errors.contains { $0.hasPrefix("\(eventID): ") }
    }
}
