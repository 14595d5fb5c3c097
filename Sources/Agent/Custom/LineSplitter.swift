/// Cuts a stream of bytes into lines of bounded length.
struct LineSplitter {
    /// The most bytes of a line.
    static let longest = 64 << 10

    private var held: [UInt8] = []
    private var isTooLong = false

    /// Takes bytes, and gives each whole line with its line feed, or nil for one that is too long.
    mutating func take(_ bytes: ArraySlice<UInt8>, _ each: ([UInt8]?) -> Void) {
        var rest = bytes
        while let feed = rest.firstIndex(of: UInt8(ascii: "\n")) {
            hold(rest[...feed])
            each(isTooLong ? nil : held)
            held = []
            isTooLong = false
            rest = rest[(feed + 1)...]
        }
        hold(rest)
    }

    /// The last line, if it has no line feed.
    mutating func finish(_ each: ([UInt8]?) -> Void) {
        if !held.isEmpty || isTooLong { each(isTooLong ? nil : held + [UInt8(ascii: "\n")]) }
        held = []
        isTooLong = false
    }

    private mutating func hold(_ bytes: ArraySlice<UInt8>) {
        guard !isTooLong, held.count + bytes.count <= Self.longest else {
            isTooLong = true
            held = []
            return
        }
        held += bytes
    }
}
