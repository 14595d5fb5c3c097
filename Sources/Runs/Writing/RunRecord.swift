internal import Core

/// A run record: for each field its value as JSON text, nil for null.
///
/// Values keep their spelling, so that a client gets back exactly what it sent. They are ranges of the text that the
/// record was read from, or of its own buffer: a batch of a thousand records is one array of bytes.
struct RunRecord: Sendable {
    private let source: [UInt8]
    private var own: [UInt8] = []
    private var pieces: [Piece]

    /// The place of a value; null is an empty range.
    private struct Piece: Sendable {
        var start: Int32 = 0
        var count: Int32 = 0
        var isOwn = false
    }

    /// A record of nulls, to be filled with values in `source` or elsewhere.
    init(source: [UInt8] = []) {
        self.source = source
        pieces = Array(repeating: Piece(), count: RunField.count)
    }

    /// Reads what `document` wrote; unknown members are left out.
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

    /// Stores that a value is in the source.
    mutating func place(_ field: RunField, _ range: Range<Int>) {
        pieces[field.rawValue] = Piece(start: Int32(range.lowerBound), count: Int32(range.count))
    }

    /// Returns the place of a value; one that is not part of the source is copied.
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

    /// A text; nil for null and for other types.
    func text(_ field: RunField) -> String? {
        self[field].flatMap(JSONText.string)
    }

    /// Whether a value is present.
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
