/// Text that is compared and ordered byte by byte, like PostgreSQL's `COLLATE "C"`.
///
/// Swift's `String` treats `é` and `e` with an accent as equal; two processes may differ in nothing else.
struct VerbatimText: Hashable, Sendable {
    /// The text in UTF-8.
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    var string: String { String(decoding: bytes, as: UTF8.self) }
}

extension VerbatimText: Comparable {
    static func < (left: VerbatimText, right: VerbatimText) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension VerbatimText: ExpressibleByStringLiteral {
    init(stringLiteral value: String) {
        self.init(Array(value.utf8))
    }
}
