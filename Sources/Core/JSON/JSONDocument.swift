/// A validated JSON document: its bytes as they came, and a flat tape of its values.
///
/// Validation is RFC 8259 without extensions, with UTF-8, in one pass without recursion; a leading byte order
/// mark is skipped. Values below `recordedDepth` are validated but get no node of their own, and so are, without
/// `recordsElements`, the elements of arrays; reading them later scans their part of the text again.
package final class JSONDocument: Sendable {
    /// The bytes as they came.
    package let bytes: [UInt8]
    /// The flags of the scan.
    package let flags: JSONFlags
    let nodes: [JSONTapeNode]

    /// Scans a document; values deeper than `recordedDepth` (the root's depth is 0) are not recorded.
    ///
    /// `nodeLimit` bounds the memory that a body of many small values takes: each value and each name that is recorded
    /// takes 16 bytes. The scan ends with `tooManyValues` as soon as there are more.
    package convenience init(
        _ bytes: [UInt8],
        recordedDepth: Int = 64,
        recordsElements: Bool = true,
        nodeLimit: Int = .max
    ) throws(JSONError) {
        let start = bytes.starts(with: JSONScanner.byteOrderMark) ? JSONScanner.byteOrderMark.count : 0
        try self.init(
            bytes,
            range: start..<bytes.count,
            recordedDepth: recordedDepth,
            recordsElements: recordsElements,
            nodeLimit: nodeLimit
        )
    }

    /// Scans the value in a part of the bytes; all offsets count from the start of the bytes.
    package init(
        _ bytes: [UInt8],
        range: Range<Int>,
        recordedDepth: Int = 64,
        recordsElements: Bool = true,
        nodeLimit: Int = .max
    ) throws(JSONError) {
        guard bytes.count < UInt32.max else { throw .tooLarge(byteCount: bytes.count) }
        let scanner = try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            guard let base = buffer.baseAddress else { throw .syntax(.expectingValue, offset: 0) }
            var scanner = JSONScanner(
                base: base,
                range: range,
                recordedDepth: max(recordedDepth, 0),
                recordsElements: recordsElements,
                nodeLimit: nodeLimit
            )
            try scanner.scanDocument()
            return scanner
        }
        self.bytes = bytes
        self.flags = scanner.flags
        self.nodes = scanner.nodes
    }

    /// Scans a document given as text; see `init(_:recordedDepth:)` over bytes.
    package convenience init(
        text: String,
        recordedDepth: Int = 64,
        recordsElements: Bool = true
    ) throws(JSONError) {
        try self.init(Array(text.utf8), recordedDepth: recordedDepth, recordsElements: recordsElements)
    }

    /// The document's value.
    package var root: JSONNode { JSONNode(document: self, index: 0) }

    /// Whether a string contains `\u0000`.
    package var sawNulEscape: Bool { flags.contains(.nulEscape) }
    /// Whether a string contains half of a surrogate pair.
    package var sawLoneSurrogate: Bool { flags.contains(.loneSurrogate) }
    /// Whether a number lies beyond 1e±308 or has more than 400 digits.
    package var sawExtremeNumber: Bool { flags.contains(.extremeNumber) }
    /// Whether a container lies within `JSONStorable.maximumDepth` others.
    package var sawDeepNesting: Bool { flags.contains(.deepNesting) }
    /// Whether line feeds or carriage returns are between the tokens.
    package var sawLineBreaksOutsideStrings: Bool { flags.contains(.lineBreaksOutsideStrings) }
    /// Whether `jsonb` takes the document as it is; otherwise see `JSONStorable`.
    package var isStorable: Bool { flags.isDisjoint(with: .unstorable) }

    /// Whether the string or key at an index decodes to these bytes.
    @inline(__always)
    func string(at index: Int, equals name: UnsafeBufferPointer<UInt8>) -> Bool {
        let node = nodes[index]
        let length = Int(node.end) - Int(node.start) - 2
        if node.isEscaped { return length >= name.count && decodedString(at: index).elementsEqual(name) }
        guard length == name.count else { return false }
        return bytes.withUnsafeBufferPointer { buffer in
            let start = Int(node.start) + 1
            for offset in 0..<length where buffer[start + offset] != name[offset] { return false }
            return true
        }
    }

    private func decodedString(at index: Int) -> [UInt8] {
        var decoded: [UInt8] = []
        JSONNode(document: self, index: index).appendString(to: &decoded)
        return decoded
    }
}
