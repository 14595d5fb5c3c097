internal import Core

/// Masks the values of named keys, wherever they stand in a document, before it reaches the journal. Design §6.
package struct Redactor: Sendable {
    private static let mask = Array(#""[redacted]""#.utf8)
    /// Keys below this depth are not looked at.
    private static let depth = 64

    private let keys: Set<String>

    /// Makes a redactor, nil when there is nothing to mask.
    package init?(keys: [String]) {
        guard !keys.isEmpty else { return nil }
        self.keys = Set(keys)
    }

    /// The document with the values of the keys replaced; the same bytes when it has none of them or is not JSON.
    package func masked(_ bytes: [UInt8]) -> [UInt8] {
        guard let document = try? JSONDocument(bytes, recordedDepth: Self.depth) else { return bytes }
        var ranges: [Range<Int>] = []
        collect(document.root, &ranges)
        guard !ranges.isEmpty else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        for range in ranges {
            result += bytes[position..<range.lowerBound]
            result += Self.mask
            position = range.upperBound
        }
        return result + bytes[position...]
    }

    /// Recursion is bounded by `depth`: what lies deeper is not recorded.
    private func collect(_ node: JSONNode, _ ranges: inout [Range<Int>]) {
        switch node.kind {
        case .object:
            for member in node.members {
                if let key = member.key.string, keys.contains(key) {
                    ranges.append(member.value.range)
                } else {
                    collect(member.value, &ranges)
                }
            }
        case .array:
            for element in node.elements { collect(element, &ranges) }
        default:
            break
        }
    }
}
