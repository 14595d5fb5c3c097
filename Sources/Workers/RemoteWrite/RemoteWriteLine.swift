internal import Core
internal import Ingest
internal import Journal

/// The line of a request of remote-write. Its body is the received Snappy block in base 64, as a JSON string.
struct RemoteWriteLine {
    let kind: String
    let members: LineMembers
    /// In the order of the parts.
    let components: [Component]

    /// A line for what is left of a request: its components in the order of its parts, each with the ids of the first
    /// samples of its portions; and the numbers of the series that are not stored.
    init(
        _ request: WriteRequest,
        _ known: [ComponentKey: Component],
        _ ids: Snowflake,
        isImport: Bool
    ) {
        kind = (isImport ? .imported : WorkersLine.Kind(request.message.version)).rawValue
        components = request.parts.compactMap { known[$0.component.key] }
        let described = zip(request.parts, components).map { part, component in
            let firsts = SampleBlock.counts(of: part.samples).map { ids.mint($0) }
            return ([component.id] + firsts).map(String.init).joined(separator: " ")
        }
        members = LineMembers([
            "components": described.joined(separator: ";"),
            "dropped": request.rejected.places.sorted().map(String.init).joined(separator: " "),
        ])
    }

    /// The body of a line.
    static func body(_ block: [UInt8]) -> [UInt8] {
        var body: [UInt8] = []
        body.reserveCapacity(block.count * 4 / 3 + 8)
        body.append(UInt8(ascii: "\""))
        Base64.append(block, to: &body)
        body.append(UInt8(ascii: "\""))
        return body
    }
}

extension WorkersLine.Kind {
    init(_ version: RemoteWriteVersion) {
        switch version {
        case .v1: self = .remoteWrite1
        case .v2: self = .remoteWrite2
        }
    }

    /// The version of the protocol; nil for other lines.
    var remoteWriteVersion: RemoteWriteVersion? {
        switch self {
        case .remoteWrite1, .imported: .v1
        case .remoteWrite2: .v2
        default: nil
        }
    }
}

/// A line of remote-write, read back.
struct RemoteWrite: Sendable {
    var request: WriteRequest
    /// The components of the parts, with the ids of the first samples of their portions.
    let components: [(component: Component, ids: [Int64])]
    /// The numbers of the series in the message that are not stored.
    let dropped: [Int]
    /// Of a portion of an import: a digest of what it has, by which it is stored once.
    let portion: UUID128?

    /// Reads a line. The message was accepted once, so its size is not limited.
    init(
        _ line: JournalLine,
        _ version: RemoteWriteVersion,
        _ identities: SeriesIdentities,
        isImport: Bool
    ) throws {
        guard line.body.count >= 2, let block = Base64.decode(line.body.dropFirst().dropLast()) else {
            throw SnappyError.truncated
        }
        let members = line.members.object
        dropped = WorkersLine.numbers(members?["dropped"])
        let request = try WriteRequestDecoder.request(
            try Snappy.decode(block, atMost: .max),
            version,
            identities,
            .none,
            leavingOut: dropped
        )
        self.request = request
        components = zip(request.parts, (members?["components"]?.string ?? "").split(separator: ";")).map {
            part,
            text in
            let numbers = text.split(separator: " ").compactMap { Int64($0) }
            return (Component(key: part.component.key, id: numbers.first ?? 0), Array(numbers.dropFirst()))
        }
        guard components.count == request.parts.count else { throw ProtobufError.truncated }
        guard isImport else {
            portion = nil
            return
        }
        var digest = KeyDigest()
        digest.add(bytes: request.message.bytes[...])
        // Here stood what is not stored: the portions of earlier Weirs stay known.
        digest.add("")
        portion = digest.finish()
    }
}
