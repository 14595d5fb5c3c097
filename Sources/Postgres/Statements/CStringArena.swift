/// NUL-terminated strings, one after the other in one buffer, for C functions that take `const char *const *`.
///
/// The pointers exist only inside `withPointers`: none outlives the bytes.
struct CStringArena {
    private(set) var bytes: [UInt8] = []
    /// Where each string begins; `nil` stands for a NULL pointer.
    private var starts: [Int?] = []

    var count: Int { starts.count }

    mutating func appendNull() {
        starts.append(nil)
    }

    mutating func append(_ text: String) {
        append { $0.append(contentsOf: text.utf8) }
    }

    /// Adds the string that `write` appends to the buffer.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        starts.append(bytes.count)
        write(&bytes)
        bytes.append(0)
    }

    /// Whether the string added last has a NUL before its end, at which C would cut it off.
    var lastHasEmbeddedNUL: Bool {
        guard let start = starts.last ?? nil else { return false }
        return bytes[start..<bytes.count - 1].contains(0)
    }

    func withPointers<Result>(
        _ body: (_ strings: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int32) -> Result
    ) -> Result {
        bytes.withUnsafeBytes { buffer in
            let pointers = starts.map { start -> UnsafePointer<CChar>? in
                guard let start, let base = buffer.baseAddress else { return nil }
                return (base + start).assumingMemoryBound(to: CChar.self)
            }
            return pointers.withUnsafeBufferPointer { body($0.baseAddress, Int32($0.count)) }
        }
    }
}
