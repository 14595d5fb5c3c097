internal import Core
internal import HTTP
internal import Ingest

/// Reads the parameters of a query one by one and collects what is wrong with them.
///
/// Call it in the order in which the endpoint declares its parameters: faults keep that order. Of a parameter
/// that is given more than once the last one counts; unknown ones are ignored.
struct ParameterReader {
    private let query: Query
    private var faults: [ParameterFault] = []

    init(_ query: Query) {
        self.query = query
    }

    /// Ends the reading.
    ///
    /// - Throws: everything that was wrong.
    func finish() throws(ParameterFaults) {
        guard faults.isEmpty else { throw ParameterFaults(faults: faults) }
    }

    /// A text as it was given, nil when it was not. No stored text holds U+0000, and PostgreSQL refuses to compare with it.
    mutating func text(_ name: String) -> String? {
        guard let text = query.all(name).last else { return nil }
        return text.utf8.contains(0) ? refuse(name, .holdsNUL) : text
    }

    /// A number of any size that is at least `least`.
    mutating func number(_ name: String, least: Int) -> WholeNumber? {
        number(name, least: least, most: nil)
    }

    /// A number within bounds.
    mutating func number(_ name: String, in bounds: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let number = number(name, least: bounds.lowerBound, most: bounds.upperBound) else {
            return fallback
        }
        return Int(number.clamped)
    }

    private mutating func number(_ name: String, least: Int, most: Int?) -> WholeNumber? {
        guard let text = text(name) else { return nil }
        guard let number = WholeNumber(reading: text) else { return refuse(name, .notAnInteger) }
        if number.clamped < least { return refuse(name, .below(least)) }
        if let most, number.clamped > most { return refuse(name, .above(most)) }
        return number
    }

    /// A moment: ISO 8601 or Unix time, UTC without a zone.
    mutating func time(_ name: String) -> Timestamp? {
        guard let text = text(name) else { return nil }
        if let time = Timestamp(lenient: text) { return time }
        // A `+` that the client did not encode arrives as a blank, and only a zone can stand behind it.
        if let blank = text.lastIndex(of: " ") {
            let repaired = text[..<blank] + "+" + text[blank...].dropFirst()
            if let time = Timestamp(lenient: repaired) { return time }
        }
        return refuse(name, .notATime)
    }

    /// One of a few words.
    mutating func word(_ name: String, of permitted: [String]) -> String? {
        guard let text = text(name) else { return nil }
        guard permitted.contains(text) else {
            return refuse(name, .notPermitted(given: text, permitted: permitted))
        }
        return text
    }

    /// Any number of a few words, repeated or divided by commas.
    mutating func words(_ name: String, of permitted: [String]) -> [String] {
        let words = query.all(name).flatMap { $0.split(separator: ",").map(String.init) }
        if let unknown = words.first(where: { !permitted.contains($0) }) {
            return refuse(name, .notPermitted(given: unknown, permitted: permitted)) ?? []
        }
        return words
    }

    /// Where a page begins; `make` takes the cursors of this list and no others.
    mutating func cursor<Cursor>(_ name: String, _ make: (PageCursor) -> Cursor?) -> Cursor? {
        guard let text = text(name) else { return nil }
        return PageCursor(text).flatMap(make) ?? refuse(name, .notACursor)
    }

    private mutating func refuse<Value>(_ name: String, _ cause: ParameterFault.Cause) -> Value? {
        faults.append(ParameterFault(name: name, cause: cause))
        return nil
    }
}
