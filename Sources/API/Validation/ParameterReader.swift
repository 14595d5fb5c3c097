package import Core
package import HTTP

/// Reads the parameters of a query one by one and collects their errors.
///
/// Call it in the order in which the endpoint declares its parameters: issues keep that order. If a parameter is
/// repeated, the last one counts; unknown parameters are ignored.
package struct ParameterReader {
    private let query: Query
    private var issues: [ValidationIssue] = []

    package init(_ query: Query) {
        self.query = query
    }

    /// Ends the reading.
    ///
    /// - Throws: all errors.
    package func finish() throws(ValidationIssues) {
        guard issues.isEmpty else { throw ValidationIssues(issues) }
    }

    /// A text; nil when it is absent. U+0000 is refused: no stored text contains it, and PostgreSQL refuses to
    /// compare with it.
    package mutating func text(_ parameter: APIParameter) -> String? {
        guard let text = query.all(parameter.name).last else { return nil }
        return text.utf8.contains(0) ? refuse(parameter, .notStorable("U+0000")) : text
    }

    /// The texts of the parameters whose names begin with a prefix, by the rests of their names, in order.
    package mutating func texts(namedWith prefix: String) -> [(name: String, value: String)] {
        var texts: [(name: String, value: String)] = []
        for pair in query.pairs where pair.name.utf8.starts(with: prefix.utf8) {
            guard !pair.name.utf8.contains(0), !pair.value.utf8.contains(0) else {
                let location: [ValidationIssue.Step] = [.name("query"), .name(prefix)]
                issues.append(ValidationIssue(location, .notStorable("U+0000"), Self.null))
                continue
            }
            texts.append((String(pair.name.dropFirst(prefix.count)), pair.value))
        }
        return texts
    }

    /// A number within its bounds, of any size where there are none; nil when it is absent.
    package mutating func number(_ parameter: APIParameter) -> WholeNumber? {
        guard let text = text(parameter) else { return nil }
        guard let number = WholeNumber(reading: text) else { return refuse(parameter, .notNumeric) }
        if let least = parameter.type.least, number.clamped < least {
            return refuse(parameter, .below(Int(least)))
        }
        if let most = parameter.type.most, number.clamped > most {
            return refuse(parameter, .above(Int(most)))
        }
        return number
    }

    /// A number within its bounds, or its default.
    package mutating func count(_ parameter: APIParameter) -> Int {
        guard let number = number(parameter) else { return parameter.fallbackNumber }
        return Int(number.clamped)
    }

    /// A moment: ISO 8601 or Unix time, UTC without a zone.
    package mutating func time(_ parameter: APIParameter) -> Timestamp? {
        guard let text = text(parameter) else { return nil }
        if let time = Timestamp(lenient: text) { return time }
        // A `+` that the client did not encode arrives as a blank, and only a zone can follow it.
        if let blank = text.lastIndex(of: " ") {
            let repaired = text[..<blank] + "+" + text[blank...].dropFirst()
            if let time = Timestamp(lenient: repaired) { return time }
        }
        return refuse(parameter, .notATime)
    }

    /// A value that `read` makes of the text; `cause` is the error of a text that it makes nothing of.
    package mutating func value<Value>(
        _ parameter: APIParameter,
        or cause: ValidationIssue.Cause,
        _ read: (String) -> Value?
    ) -> Value? {
        guard let text = text(parameter) else { return nil }
        return read(text) ?? refuse(parameter, cause)
    }

    /// A text that must be there.
    package mutating func requiredText(_ parameter: APIParameter) -> String? {
        if let text = text(parameter) { return text }
        if query.all(parameter.name).isEmpty {
            issues.append(ValidationIssue([.name("query"), .name(parameter.name)], .missing, Self.null))
        }
        return nil
    }

    private static let null = Array("null".utf8)[...]

    /// One of its words.
    package mutating func word(_ parameter: APIParameter) -> String? {
        guard let text = text(parameter) else { return nil }
        guard parameter.words.contains(text) else {
            return refuse(parameter, .notPermitted(given: text, permitted: parameter.words))
        }
        return text
    }

    /// Any number of its words, repeated or separated by commas.
    package mutating func words(_ parameter: APIParameter) -> [String] {
        let words = query.all(parameter.name).flatMap { $0.split(separator: ",").map(String.init) }
        if let unknown = words.first(where: { !parameter.words.contains($0) }) {
            return refuse(parameter, .notPermitted(given: unknown, permitted: parameter.words)) ?? []
        }
        return words
    }

    /// The cursor of a page; `make` accepts the cursors of this list and no others.
    package mutating func cursor<Cursor>(_ parameter: APIParameter, _ make: (PageCursor) -> Cursor?)
        -> Cursor?
    {
        guard let text = text(parameter) else { return nil }
        return PageCursor(text).flatMap(make) ?? refuse(parameter, .notACursor)
    }

    private mutating func refuse<Value>(
        _ parameter: APIParameter,
        _ cause: ValidationIssue.Cause
    ) -> Value? {
        let input = query.all(parameter.name).last.map { JSONText.quoted($0)[...] } ?? []
        issues.append(ValidationIssue([.name("query"), .name(parameter.name)], cause, input))
        return nil
    }
}
