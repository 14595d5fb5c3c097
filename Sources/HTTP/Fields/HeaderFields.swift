/// The field lines of a header or trailer section, in order, names compared without case (RFC 9110 §5).
///
/// All names and values share one byte array, so that a head costs two allocations however many fields it
/// has; text is made on demand. Octets above 127 are read as UTF-8, ill-formed ones become U+FFFD. Nothing is
/// validated here: the parser refuses bad fields, the encoder drops them.
package struct HeaderFields: Sendable {
    private var bytes: [UInt8] = []
    private var entries: [Entry] = []

    private struct Entry: Sendable {
        var start: Int32
        var nameCount: Int32
        var valueCount: Int32

        var name: Range<Int> { Int(start)..<Int(start + nameCount) }
        var value: Range<Int> { Int(start + nameCount)..<Int(start + nameCount + valueCount) }
    }

    /// An empty section.
    package init() {}

    /// How many field lines there are, repeated names counted each time.
    package var count: Int { entries.count }

    /// Whether there is no field line at all.
    package var isEmpty: Bool { entries.isEmpty }

    /// The value of the first field line with this name.
    package subscript(name: String) -> String? {
        guard let entry = entries.first(where: { matches($0, name) }) else { return nil }
        return text(entry.value)
    }

    /// The values of all field lines with this name, in order.
    package func values(_ name: String) -> [String] {
        entries.filter { matches($0, name) }.map { text($0.value) }
    }

    /// Whether there is a field line with this name.
    package func contains(_ name: String) -> Bool {
        entries.contains { matches($0, name) }
    }

    /// Adds a field line at the end, whether or not the name exists already.
    package mutating func append(_ name: String, _ value: String) {
        append(name: name.utf8, value: value.utf8)
    }

    /// Replaces all field lines with this name by one at the end.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        append(name, value)
    }

    /// Removes all field lines with this name; their bytes stay until the value is dropped.
    package mutating func remove(_ name: String) {
        entries = entries.filter { !matches($0, name) }
    }

    mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
        entries.append(
            Entry(start: Int32(bytes.count), nameCount: Int32(name.count), valueCount: Int32(value.count))
        )
        bytes.append(contentsOf: name)
        bytes.append(contentsOf: value)
    }

    /// Gives name and value as bytes, without making text.
    func forEachRaw(_ body: (_ name: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>) -> Void) {
        for entry in entries {
            body(bytes[entry.name], bytes[entry.value])
        }
    }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    private func matches(_ entry: Entry, _ name: String) -> Bool {
        ASCII.equalsIgnoringCase(bytes[entry.name], name.utf8)
    }
}

extension HeaderFields: Sequence {
    /// Walks over the field lines in order.
    package func makeIterator() -> some IteratorProtocol<(name: String, value: String)> {
        entries.lazy.map { (name: text($0.name), value: text($0.value)) }.makeIterator()
    }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
    /// Keeps order and repetition of the literal.
    package init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements {
            append(name, value)
        }
    }
}

extension HeaderFields: Equatable {
    /// Equal means: the same field lines in the same order, names compared without case.
    package static func == (left: HeaderFields, right: HeaderFields) -> Bool {
        left.count == right.count
            && zip(left, right).allSatisfy {
                ASCII.equalsIgnoringCase($0.name.utf8, $1.name.utf8) && $0.value == $1.value
            }
    }
}
