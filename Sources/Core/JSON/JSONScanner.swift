/// One pass over the bytes: validates RFC 8259 and UTF-8, records nodes down to a depth, notices flags.
///
/// It follows the control flow of CPython's `_json.c`, so that faults carry the same words and places.
struct JSONScanner {
    static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    let base: UnsafePointer<UInt8>
    let end: Int
    let recordedDepth: Int
    let recordsElements: Bool
    let nodeLimit: Int
    var position: Int
    var flags: JSONFlags = []
    var nodes: [JSONTapeNode] = []
    private var stack = JSONContainerStack()
    private var openNode: UInt32 = 0
    /// The deepest values recorded at the moment: less than `recordedDepth` within an array whose elements are not.
    private var depthLimit: Int

    /// The base must outlive the scanner; `range` lies within its memory and counts less than 4 GiB.
    init(
        base: UnsafePointer<UInt8>,
        range: Range<Int>,
        recordedDepth: Int,
        recordsElements: Bool,
        nodeLimit: Int
    ) {
        self.base = base
        self.end = range.upperBound
        self.position = range.lowerBound
        self.recordedDepth = recordedDepth
        self.recordsElements = recordsElements
        self.nodeLimit = nodeLimit
        depthLimit = recordedDepth
        nodes.reserveCapacity(min(range.count / 16 + 8, 512))
    }

    mutating func scanDocument() throws(JSONError) {
        skipWhitespace()
        repeat {
            guard position < end else { throw failure(.expectingValue, at: position) }
            let isComplete = try scanValue(beginningWith: base[position])
            if isComplete { try closeCompleted() }
            guard nodes.count <= nodeLimit else { throw .tooManyValues(limit: nodeLimit) }
        } while stack.depth > 0
        skipWhitespace()
        guard position == end else { throw failure(.extraData, at: position) }
    }

    /// Reads a scalar or opens a container; false when a container waits for its first value.
    @inline(__always)
    private mutating func scanValue(beginningWith byte: UInt8) throws(JSONError) -> Bool {
        let start = position
        switch byte {
        case UInt8(ascii: "\""):
            let isEscaped = try scanString()
            record(.string, from: start, isEscaped: isEscaped)
        case UInt8(ascii: "{"):
            open(.object)
            if closeIfEmpty(UInt8(ascii: "}")) { return true }
            try scanKey()
            return false
        case UInt8(ascii: "["):
            open(.array)
            return closeIfEmpty(UInt8(ascii: "]"))
        case UInt8(ascii: "t"):
            try scanWord("true")
            record(.true, from: start)
        case UInt8(ascii: "f"):
            try scanWord("false")
            record(.false, from: start)
        case UInt8(ascii: "n"):
            try scanWord("null")
            record(.null, from: start)
        default:
            try scanNumber()
            record(.number, from: start)
        }
        return true
    }

    /// After a value: closes the containers that end here and stops where the next value begins.
    @inline(__always)
    private mutating func closeCompleted() throws(JSONError) {
        while stack.depth > 0 {
            skipWhitespace()
            guard position < end else { throw failure(.expectingComma, at: position) }
            let byte = base[position]
            let isInObject = stack.topIsObject
            if byte == UInt8(ascii: ",") {
                position += 1
                skipWhitespace()
                if isInObject { try scanKey() }
                return
            }
            guard byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw failure(.expectingComma, at: position)
            }
            position += 1
            close()
        }
    }

    @inline(__always)
    private mutating func scanKey() throws(JSONError) {
        let start = position
        guard position < end, base[position] == UInt8(ascii: "\"") else {
            throw failure(.expectingPropertyName, at: position)
        }
        let isEscaped = try scanString()
        record(.string, from: start, isEscaped: isEscaped)
        skipWhitespace()
        guard position < end, base[position] == UInt8(ascii: ":") else {
            throw failure(.expectingColon, at: position)
        }
        position += 1
        skipWhitespace()
    }

    @inline(__always)
    private mutating func scanWord(_ word: StaticString) throws(JSONError) {
        let length = word.utf8CodeUnitCount
        guard position + length <= end else { throw failure(.expectingValue, at: position) }
        for index in 0..<length where base[position + index] != word.utf8Start[index] {
            throw failure(.expectingValue, at: position)
        }
        position += length
    }

    @inline(__always)
    mutating func skipWhitespace() {
        while position < end, base[position] <= UInt8(ascii: " ") {
            switch base[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"): break
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): flags.insert(.lineBreaksOutsideStrings)
            default: return
            }
            position += 1
        }
    }

    /// Builds the error; UTF-8 has precedence, so the rest of the bytes is checked first.
    @inline(never)
    func failure(_ fault: JSONFault, at offset: Int) -> JSONError {
        if let broken = UTF8Check.firstFault(in: base, from: offset, to: end) {
            return .invalidUTF8(offset: broken)
        }
        return .syntax(fault, offset: offset)
    }
}

// MARK: - Recording

extension JSONScanner {
    @inline(__always)
    private mutating func record(_ kind: JSONKind, from start: Int, isEscaped: Bool = false) {
        guard stack.depth <= depthLimit else { return }
        nodes.append(
            JSONTapeNode(
                start: UInt32(truncatingIfNeeded: start),
                end: UInt32(truncatingIfNeeded: position),
                next: UInt32(truncatingIfNeeded: nodes.count + 1),
                kind: kind,
                isEscaped: isEscaped,
            )
        )
    }

    @inline(__always)
    private mutating func open(_ kind: JSONKind) {
        if stack.depth <= depthLimit {
            record(kind, from: position)
            if kind == .array, !recordsElements { depthLimit = stack.depth }
            let index = nodes.count - 1
            nodes[index].next = openNode
            nodes[index].isOpaque = stack.depth == depthLimit
            openNode = UInt32(truncatingIfNeeded: index)
        }
        stack.push(isObject: kind == .object)
        if stack.depth > JSONStorable.maximumDepth { flags.insert(.deepNesting) }
        position += 1
    }

    @inline(__always)
    private mutating func closeIfEmpty(_ bracket: UInt8) -> Bool {
        skipWhitespace()
        guard position < end, base[position] == bracket else { return false }
        position += 1
        close()
        return true
    }

    @inline(__always)
    private mutating func close() {
        stack.pop()
        guard stack.depth <= depthLimit else { return }
        if stack.depth == depthLimit { depthLimit = recordedDepth }
        let index = Int(openNode)
        openNode = nodes[index].next
        nodes[index].end = UInt32(truncatingIfNeeded: position)
        nodes[index].next = UInt32(truncatingIfNeeded: nodes.count)
    }
}
