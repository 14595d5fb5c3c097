/// What a JSON value is.
package enum JSONKind: UInt8, Hashable, Sendable {
    /// `{…}`.
    case object
    /// `[…]`.
    case array
    /// `"…"`.
    case string
    /// Any number.
    case number
    /// `true`.
    case `true`
    /// `false`.
    case `false`
    /// `null`.
    case null
}

/// One value, or one key, of a scanned document: 16 bytes.
///
/// A container is followed by its children in the order of the text; a key by its value. `next` is the index
/// after the last descendant, and while a container is still open, the index of the open container around it.
struct JSONTapeNode {
    var start: UInt32
    var end: UInt32
    var next: UInt32
    var kind: JSONKind
    /// The string has escapes.
    var isEscaped = false
    /// The container has children that were validated but not recorded.
    var isOpaque = false
}

/// The kinds of the open containers, one bit each, so that depth costs next to no memory and no recursion.
struct JSONContainerStack {
    private var recent: UInt64 = 0
    private var spilled: [UInt64] = []
    private(set) var depth = 0

    var topIsObject: Bool {
        @inline(__always) get { recent & 1 == 1 }
    }

    @inline(__always)
    mutating func push(isObject: Bool) {
        if depth & 63 == 0, depth > 0 {
            spilled.append(recent)
            recent = 0
        }
        recent = recent << 1 | (isObject ? 1 : 0)
        depth += 1
    }

    @inline(__always)
    mutating func pop() {
        depth -= 1
        recent >>= 1
        if depth & 63 == 0, let previous = spilled.popLast() { recent = previous }
    }
}
