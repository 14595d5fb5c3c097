/// Writes JSON text to bytes; it adds commas by itself, and does not buffer.
///
/// The caller has to balance brackets and write one key before each member's value.
package struct JSONWriter: Sendable {
    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// Makes an empty writer with room for some bytes.
    package init(reservingCapacity capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    /// The text so far as a string.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// Removes the text but keeps its memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }
}

// MARK: - Containers

extension JSONWriter {
    /// Writes an object whose members `body` writes.
    package mutating func object<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        beginObject()
        try body(&self)
        endObject()
    }

    /// Writes an array whose elements `body` writes.
    package mutating func array<Failure: Error>(
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        beginArray()
        try body(&self)
        endArray()
    }

    /// Writes a member whose value is an object.
    package mutating func object<Failure: Error>(
        _ name: String,
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        key(name)
        try object(body)
    }

    /// Writes a member whose value is an array.
    package mutating func array<Failure: Error>(
        _ name: String,
        _ body: (inout JSONWriter) throws(Failure) -> Void
    ) throws(Failure) {
        key(name)
        try array(body)
    }

    /// Opens an object.
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// Closes the innermost object.
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// Opens an array.
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// Closes the innermost array.
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// Writes a key; its value must follow.
    package mutating func key(_ name: String) {
        separate()
        JSONWriter.appendQuoted(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}

// MARK: - Values

extension JSONWriter {
    /// Writes a string, or null.
    package mutating func value(_ string: String?) {
        guard let string else { return null() }
        separate()
        JSONWriter.appendQuoted(string, to: &bytes)
    }

    /// Writes an integer, or null.
    package mutating func value(_ number: Int64?) {
        guard let number else { return null() }
        separate()
        JSONWriter.append(number, to: &bytes)
    }

    /// Writes an integer, or null.
    package mutating func value(_ number: Int?) {
        value(number.map(Int64.init))
    }

    /// Writes a number as Python spells floats (`40.0`, `19.98`, `1e-07`); null also for what is not finite.
    package mutating func value(_ number: Double?) {
        guard let number, number.isFinite else { return null() }
        separate()
        bytes.append(contentsOf: FloatText.python(number).utf8)
    }

    /// Writes a truth value, or null.
    package mutating func value(_ flag: Bool?) {
        guard let flag else { return null() }
        raw(flag ? "true" : "false")
    }

    /// Writes ISO 8601 text, or null.
    package mutating func value(_ time: Timestamp?, offset: Timestamp.OffsetStyle = .plusZero) {
        guard let time else { return null() }
        separate()
        bytes.append(UInt8(ascii: "\""))
        time.append(to: &bytes, offset: offset)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes a UUID's lower-case text, or null.
    package mutating func value(_ uuid: UUID128?) {
        guard let uuid else { return null() }
        separate()
        bytes.append(UInt8(ascii: "\""))
        uuid.append(to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes null.
    package mutating func null() { raw("null") }

    /// Writes a value that is JSON text already.
    package mutating func raw(_ json: StaticString) {
        separate()
        json.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    /// Writes a value, or members of an object, that are JSON text already.
    package mutating func raw(_ json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// Writes the text of members up to a colon; the value must follow.
    package mutating func raw(upToValue json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
        needsComma = false
    }

    /// Writes a value that is JSON text already.
    package mutating func raw(_ json: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }
}

// MARK: - Members

extension JSONWriter {
    /// Writes a member with a string or null.
    package mutating func member(_ name: String, _ string: String?) {
        key(name)
        value(string)
    }

    /// Writes a member with an integer or null.
    package mutating func member(_ name: String, _ number: Int64?) {
        key(name)
        value(number)
    }

    /// Writes a member with an integer or null.
    package mutating func member(_ name: String, _ number: Int?) {
        key(name)
        value(number)
    }

    /// Writes a member with a float or null, see `value(_:)`.
    package mutating func member(_ name: String, _ number: Double?) {
        key(name)
        value(number)
    }

    /// Writes a member with a truth value or null.
    package mutating func member(_ name: String, _ flag: Bool?) {
        key(name)
        value(flag)
    }

    /// Writes a member with ISO 8601 text or null.
    package mutating func member(
        _ name: String,
        _ time: Timestamp?,
        offset: Timestamp.OffsetStyle = .plusZero
    ) {
        key(name)
        value(time, offset: offset)
    }

    /// Writes a member with a UUID's text or null.
    package mutating func member(_ name: String, _ uuid: UUID128?) {
        key(name)
        value(uuid)
    }

    /// Writes a member with null.
    package mutating func null(_ name: String) {
        key(name)
        null()
    }

    /// Writes a member whose value is JSON text already.
    package mutating func member(_ name: String, raw json: [UInt8]) {
        key(name)
        raw(json)
    }

    /// Writes a member whose value is JSON text already.
    package mutating func member(_ name: String, raw json: ArraySlice<UInt8>) {
        key(name)
        raw(json)
    }
}
