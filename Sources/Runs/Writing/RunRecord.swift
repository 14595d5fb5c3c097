internal import Core

/// A run record: for each field its value as JSON text, nil for null.
///
/// Values stay as they were spelt, so that nothing a client sent changes on its way back. They are places in the text
/// that the record was read from, or in a buffer of its own: a batch of a thousand records is one array of bytes.
struct RunRecord: Sendable {
    private let source: [UInt8]
    private var own: [UInt8] = []
    private var pieces: [Piece]

    /// Where a value stands; null is an empty place.
    private struct Piece: Sendable {
        var start: Int32 = 0
        var count: Int32 = 0
        var isOwn = false
    }

    /// A record of nulls, to be filled with values that stand in `source` or elsewhere.
    init(source: [UInt8] = []) {
        self.source = source
        pieces = Array(repeating: Piece(), count: RunField.count)
    }

    /// Reads what `document` wrote; members that no record has are left out.
    init(_ document: JSONDocument) {
        self.init(source: document.bytes)
        for member in document.root.members {
            guard let field = RunField.named(member.rawKey), !member.value.isNull else { continue }
            self[field] = member.value.rawBytes
        }
    }

    /// A value as JSON text; nil for null.
    subscript(field: RunField) -> ArraySlice<UInt8>? {
        get {
            let piece = pieces[field.rawValue]
            guard piece.count > 0 else { return nil }
            let range = Int(piece.start)..<Int(piece.start + piece.count)
            return piece.isOwn ? own[range] : source[range]
        }
        set { pieces[field.rawValue] = newValue.map { place($0) } ?? Piece() }
    }

    /// Notes that a value stands in the source.
    mutating func place(_ field: RunField, _ range: Range<Int>) {
        pieces[field.rawValue] = Piece(start: Int32(range.lowerBound), count: Int32(range.count))
    }

    /// Notes where a value stands; one that is not part of the source is copied.
    private mutating func place(_ value: ArraySlice<UInt8>) -> Piece {
        let isShared = value.withUnsafeBufferPointer { value in
            source.withUnsafeBufferPointer { source in
                guard let start = value.baseAddress, let base = source.baseAddress else { return false }
                return start >= base && start + value.count <= base + source.count
            }
        }
        if isShared { return Piece(start: Int32(value.startIndex), count: Int32(value.count)) }
        let start = own.count
        own.append(contentsOf: value)
        return Piece(start: Int32(start), count: Int32(value.count), isOwn: true)
    }

    /// Sets a text.
    mutating func set(_ field: RunField, _ text: String?) {
        self[field] = text.map { JSONText.quoted($0)[...] }
    }

    /// A text; nil for null and for what is no text.
    func text(_ field: RunField) -> String? {
        self[field].flatMap(JSONText.string)
    }

    /// Whether a value is there.
    func has(_ field: RunField) -> Bool { pieces[field.rawValue].count > 0 }

    /// Appends the record as one JSON object, its members in the order of the contract.
    func appendDocument(to bytes: inout [UInt8]) {
        let (keys, null) = (RunField.keys, Self.null)
        keys.bytes.withUnsafeBufferPointer { key in
            source.withUnsafeBufferPointer { source in
                own.withUnsafeBufferPointer { own in
                    var start = 0
                    for (end, piece) in zip(keys.ends, pieces) {
                        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: key[start..<end]))
                        start = end
                        let value = piece.isOwn ? own : source
                        let range = Int(piece.start)..<Int(piece.start + piece.count)
                        if range.isEmpty {
                            bytes.append(contentsOf: null)
                        } else {
                            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: value[range]))
                        }
                    }
                }
            }
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// The record as one JSON object.
    var document: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1400)
        appendDocument(to: &bytes)
        return bytes
    }

    private static let null = Array("null".utf8)
}
