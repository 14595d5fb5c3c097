internal import Core

/// The versions of the protocol.
enum RemoteWriteVersion: String, Sendable {
    /// https://prometheus.io/docs/specs/prw/remote_write_spec/
    case v1 = "1"
    /// https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/
    case v2 = "2"
}

/// The bytes of a request, and what is needed to read the labels in them.
struct WriteMessage: Sendable {
    let bytes: [UInt8]
    let version: RemoteWriteVersion
    /// The table of texts of version 2.
    var symbols: [Range<Int>] = []
    let texts = SymbolTexts()
}

/// The labels of a series as they were sent.
struct WriteLabels: Sendable {
    let name: String
    /// Without the name.
    let labels: LabelSet
    let component: ComponentKey
}

/// Why a series is not stored while the rest of its request is.
enum SeriesFault: String, Error, CaseIterable, Sendable {
    case noName = "a series has no name"
    case badText = "a label is not UTF-8, or has U+0000 in it"
    case badLabels = "a label has no name, or a name is repeated"
    case tooLarge = "a series has too many labels, or too long ones"
    case tooManySeries = "the component has too many series"
    case tooManyComponents = "there are too many components"
    case badTime = "the time of a sample is not between the years 1 and 9999"
}

extension WriteMessage {
    /// What a sender without a `job` label is called.
    static let unnamedJob = "remote-write"
    /// The most bytes of a `job` label, which becomes the name of a component.
    static let longestJob = ComponentKey.longestName

    /// Reads the labels in a part of the message, from the first one to the last.
    func labels(in range: Range<Int>, _ limits: ReportLimits) throws(SeriesFault) -> WriteLabels {
        var name: String?
        var job: String?
        var pairs: [(String, String)] = []
        // Beside those of the series the name, and the two of a component.
        let most = min(limits.labels, .max / 4) + 3
        try forEachLabel(in: range, atMost: most) { (label, value) throws(SeriesFault) in
            guard let label = text(label), let value = text(value) else { throw .badText }
            guard !label.isEmpty else { throw .badLabels }
            guard label.utf8.count <= limits.nameBytes, value.utf8.count <= limits.valueBytes else {
                throw .tooLarge
            }
            // A label without a value is none.
            guard !value.isEmpty else { return }
            if label == "job" { job = value }
            if label == "__name__" {
                guard name == nil else { throw .badLabels }
                name = value
            } else {
                pairs.append((label, value))
            }
        }
        guard let name else { throw .noName }
        let set = LabelSet(pairs)
        guard set.pairs.count == pairs.count else { throw .badLabels }
        guard job?.utf8.count ?? 0 <= Self.longestJob else { throw .tooLarge }
        if let component = Self.component(set) {
            let rest = set.without(["component", "component_type"])
            guard rest.pairs.count <= limits.labels else { throw .tooLarge }
            return WriteLabels(name: name, labels: rest, component: component)
        }
        guard pairs.count <= limits.labels else { throw .tooLarge }
        let component = ComponentKey(type: .broker, name: job ?? Self.unnamedJob)
        return WriteLabels(name: name, labels: set, component: component)
    }

    /// The component that the export of a Weir has added to the labels.
    private static func component(_ labels: LabelSet) -> ComponentKey? {
        let name = labels.pairs.first { $0.name == "component" }?.value
        let type = labels.pairs.first { $0.name == "component_type" }?.value
        guard let name, name.utf8.count <= longestJob, let type = type.flatMap(ComponentType.init) else {
            return nil
        }
        return ComponentKey(type: type, name: name)
    }

    /// The digest of the labels in a part of the message.
    func digest(of range: Range<Int>, _ symbols: [RawDigest]) throws(ProtobufError) -> RawDigest {
        var digest = RawDigest()
        switch version {
        case .v1: bytes.withUnsafeBytes { digest.add(UnsafeRawBufferPointer(rebasing: $0[range])) }
        case .v2:
            try forEachReference(in: range) { digest.add(symbols[$0]) }
        }
        return digest
    }

    /// The digests of the symbols.
    var symbolDigests: [RawDigest] {
        bytes.withUnsafeBytes { bytes in
            symbols.map { range in
                var digest = RawDigest()
                digest.add(UnsafeRawBufferPointer(rebasing: bytes[range]))
                return digest
            }
        }
    }

    /// - Throws: `.tooLarge` when there are more than `most`, before they take memory.
    private func forEachLabel(
        in range: Range<Int>,
        atMost most: Int,
        _ body: (Range<Int>, Range<Int>) throws(SeriesFault) -> Void
    ) throws(SeriesFault) {
        switch version {
        case .v1:
            var reader = ProtobufReader(bytes, in: range)
            var count = 0
            while let field = try? reader.next() {
                guard field.number == 1, let label = field.value.range else { continue }
                count += 1
                guard count <= most else { throw .tooLarge }
                guard let (name, value) = try? Self.texts(reader.part(label)) else { throw .badLabels }
                try body(name, value)
            }
        case .v2:
            var references: [Int] = []
            var isTooLong = false
            do {
                try forEachReference(in: range) { reference in
                    isTooLong = isTooLong || references.count == 2 * most
                    if !isTooLong { references.append(reference) }
                }
            } catch {
                throw .badLabels
            }
            guard !isTooLong else { throw .tooLarge }
            for index in stride(from: 0, to: references.count - 1, by: 2) {
                try body(symbols[references[index]], symbols[references[index + 1]])
            }
        }
    }

    /// The two texts of a label of version 1.
    private static func texts(_ label: ProtobufReader) throws(ProtobufError) -> (Range<Int>, Range<Int>) {
        var label = label
        var texts: (Range<Int>, Range<Int>) = (0..<0, 0..<0)
        while let field = try label.next() {
            if field.number == 1, let range = field.value.range { texts.0 = range }
            if field.number == 2, let range = field.value.range { texts.1 = range }
        }
        return texts
    }

    /// Goes through the references of version 2 to symbols: of names and values in turn.
    ///
    /// - Throws: `.truncated` for one beyond the table, and for a name without a value.
    private func forEachReference(in range: Range<Int>, _ body: (Int) -> Void) throws(ProtobufError) {
        var count = 0
        var reader = ProtobufReader(bytes, in: range)
        while let field = try reader.next() {
            guard field.number == 1 else { continue }
            if let single = field.value.integer {
                body(try symbol(single))
                count += 1
            }
            guard let packed = field.value.range else { continue }
            var list = reader.part(packed)
            while !list.isAtEnd {
                body(try symbol(try list.varint()))
                count += 1
            }
        }
        guard count.isMultiple(of: 2) else { throw .truncated }
    }

    private func symbol(_ reference: UInt64) throws(ProtobufError) -> Int {
        guard reference < UInt64(symbols.count) else { throw .truncated }
        return Int(reference)
    }

    /// The text in a range; nil when PostgreSQL does not store it.
    func text(_ range: Range<Int>) -> String? {
        guard !bytes[range].contains(0) else { return nil }
        return String(validating: bytes[range], as: UTF8.self)
    }
}
