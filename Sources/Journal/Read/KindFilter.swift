/// The kinds of lines that a reader wants; caches the kinds it met, so that each is judged and named only once.
///
/// A kind is wanted as a whole, its version included: `run.create/1` does not want `run.create/10`.
struct KindFilter: Sendable {
    private struct Entry {
        let bytes: [UInt8]
        let name: String
        let isWanted: Bool
    }

    private static let rememberedKinds = 64

    private let kinds: Set<String>
    private var entries: [Entry] = []

    /// Wants exactly these kinds; every kind if there are none.
    init(_ kinds: some Sequence<String>) {
        self.kinds = Set(kinds)
    }

    /// The name of the kind in `range` if it is wanted.
    mutating func wantedName(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String? {
        let kind = UnsafeBufferPointer(rebasing: bytes[range])
        for entry in entries where entry.bytes.count == kind.count && kind.elementsEqual(entry.bytes) {
            return entry.isWanted ? entry.name : nil
        }
        let name = String(decoding: kind, as: UTF8.self)
        let isWanted = kinds.isEmpty || kinds.contains(name)
        if entries.count == Self.rememberedKinds { entries.removeAll() }
        entries.append(Entry(bytes: Array(kind), name: name, isWanted: isWanted))
        return isWanted ? name : nil
    }
}
