/// A body cut into pieces; before each piece, other tasks of the lane get their turn.
struct BytePieces: AsyncSequence, Sendable {
    /// Bytes of a piece: a millisecond or two of compressing.
    static let size = 128 << 10

    let bytes: [UInt8]

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: bytes[...]) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var rest: ArraySlice<UInt8>

        mutating func next() async -> [UInt8]? {
            guard !rest.isEmpty else { return nil }
            // The task goes to the end of its lane's queue.
            await Task.yield()
            defer { rest = rest.dropFirst(BytePieces.size) }
            return Array(rest.prefix(BytePieces.size))
        }
    }
}
