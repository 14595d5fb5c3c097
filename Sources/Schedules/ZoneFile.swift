import Glibc

/// The contents of a TZif file: the changes that it lists, and the rule for those after them. RFC 9636 §3.
struct ZoneFile: Sendable {
    /// A change of the clocks.
    struct Change: Hashable, Sendable {
        /// In seconds since 1970.
        let at: Int
        /// The offset from then on, in seconds east of UTC.
        let offset: Int
    }

    /// The offset before the first change.
    private let first: Int
    /// In the order of time.
    private let changes: [Change]
    /// The rule after the last listed change; nil when the last offset stays.
    private let rule: PosixZone?

    /// The largest file that is read; real ones have a few kilobytes.
    private static let mostBytes = 256 << 10

    /// A zone whose clocks never change.
    init(offset: Int) {
        first = offset
        changes = []
        rule = nil
    }

    /// Reads a file; nil when it is not of this form.
    init?(_ bytes: [UInt8]) {
        var reader = ZoneFileReader(bytes)
        guard let version = reader.header() else { return nil }
        guard version >= UInt8(ascii: "2") else {
            guard let block = reader.block(timeSize: 4) else { return nil }
            (first, changes, rule) = (block.first, block.changes, nil)
            return
        }
        // The first block is for old readers; a second header follows.
        guard reader.skipBlock(timeSize: 4), reader.header() != nil, let block = reader.block(timeSize: 8)
        else {
            return nil
        }
        (first, changes) = (block.first, block.changes)
        guard let footer = reader.footer() else { return nil }
        if footer.isEmpty {
            rule = nil
        } else {
            guard let rule = PosixZone(footer) else { return nil }
            self.rule = rule
        }
    }

    /// The bytes of a regular file; nil when it cannot be read or is too large.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= mostBytes
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let part = bytes.withUnsafeMutableBytes { bytes in
                let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
                return Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            guard part > 0 else { return nil }
            count += part
        }
        return bytes
    }

    /// The span that contains a second.
    func span(at second: Int) -> ZoneRules.Span {
        if let last = changes.last, second >= last.at { return spanAfter(last, at: second) }
        guard !changes.isEmpty else { return spanAfter(nil, at: second) }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= second { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else {
            return ZoneRules.Span(begin: nil, end: changes[0].at, offset: first, offsetBefore: first)
        }
        return ZoneRules.Span(
            begin: changes[low - 1].at,
            end: changes[low].at,
            offset: changes[low - 1].offset,
            offsetBefore: low > 1 ? changes[low - 2].offset : first
        )
    }

    /// The span of a second after the last listed change, by the rule.
    private func spanAfter(_ last: Change?, at second: Int) -> ZoneRules.Span {
        let offset = last?.offset ?? first
        let before = changes.count > 1 ? changes[changes.count - 2].offset : first
        let standing = ZoneRules.Span(begin: last?.at, end: nil, offset: offset, offsetBefore: before)
        guard let rule else { return standing }
        guard let later = rule.changes(around: second) else {
            return ZoneRules.Span(begin: last?.at, end: nil, offset: rule.standard, offsetBefore: before)
        }
        var span = standing
        for change in later where change.at > last?.at ?? .min {
            guard change.at <= second else {
                span.end = change.at
                return span
            }
            span = ZoneRules.Span(
                begin: change.at,
                end: nil,
                offset: change.offset,
                offsetBefore: span.offset
            )
        }
        return span
    }
}
