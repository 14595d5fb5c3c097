internal import Core
internal import Synchronization

/// The clocks of a time zone: when they were and will be changed, from its file (TZif, RFC 9636).
///
/// A value; any thread. Two rules are equal when their names are.
package struct ZoneRules: Hashable, Sendable {
    /// The time between two changes of the clocks.
    package struct Span: Hashable {
        /// When it begins, in seconds since 1970; nil for the first.
        package var begin: Int?
        /// When it ends; nil for the last.
        package var end: Int?
        /// Seconds east of UTC.
        package var offset: Int
        /// The offset before it began.
        var offsetBefore: Int
    }

    /// The name: `Europe/Berlin`.
    package let name: String
    private let file: ZoneFile

    init(name: String, file: ZoneFile) {
        self.name = name
        self.file = file
    }

    /// The rules of a file's bytes (TZif, RFC 9636); nil when they are not such a file.
    package init?(name: String, file bytes: [UInt8]) {
        guard let file = ZoneFile(bytes) else { return nil }
        self.init(name: name, file: file)
    }

    /// Universal time, which needs no file.
    package static let utc = ZoneRules(name: "UTC", file: ZoneFile(offset: 0))

    // Guards the files that were read.
    private static let known = Mutex<[String: ZoneRules]>([:])
    private static let directory = "/usr/share/zoneinfo"

    /// The rules of a zone; its file is read once in a process.
    ///
    /// - Throws: a fault when there is no such zone, or its file cannot be read.
    package static func named(_ name: String) throws(ScheduleFault) -> ZoneRules {
        if name == "UTC" { return .utc }
        guard isName(name) else {
            throw ScheduleFault(
                .timeZone,
                "'\(name.prefix(64))' is not the name of a time zone such as Europe/Berlin"
            )
        }
        if let rules = known.withLock({ $0[name] }) { return rules }
        guard let bytes = ZoneFile.read("\(directory)/\(name)") else {
            throw ScheduleFault(
                .timeZone,
                "this machine knows no time zone '\(name)': write a name of the IANA database such as "
                    + "Europe/Berlin, or install the package tzdata"
            )
        }
        guard let file = ZoneFile(bytes) else {
            throw ScheduleFault(.timeZone, "the file of the time zone '\(name)' is not readable (RFC 9636)")
        }
        let rules = ZoneRules(name: name, file: file)
        known.withLock { $0[name] = rules }
        return rules
    }

    /// Whether a text can be a name: parts of letters, digits, `_`, `+` and `-`, which no path can leave the directory
    /// with. Zones that count leap seconds are none.
    private static func isName(_ name: String) -> Bool {
        guard name.utf8.count <= 64 else { return false }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 3, parts.first != "right", parts.first != "posix" else { return false }
        return parts.allSatisfy { part in
            guard let first = part.utf8.first, isLetter(first) else { return false }
            return part.utf8.allSatisfy { byte in
                isLetter(byte) || 0x30...0x39 ~= byte || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            }
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }

    /// The span that contains a second.
    package func span(at second: Int) -> Span { file.span(at: second) }

    /// Equal when the names are.
    package static func == (left: ZoneRules, right: ZoneRules) -> Bool { left.name == right.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
