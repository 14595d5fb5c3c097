/// The errors in a request: the first issues, and the total number.
///
/// A body of a few kilobytes can have millions of issues; a response shows the first hundred.
package struct ValidationIssues: Error, Sendable, ExpressibleByArrayLiteral {
    /// How many issues a response shows.
    package static let mostShown = 100

    /// The first of them, in the order in which the surface declares its members and parameters.
    package private(set) var shown: [ValidationIssue] = []
    /// How many there are in all.
    package private(set) var total = 0

    /// Takes the issues of a literal.
    package init(arrayLiteral elements: ValidationIssue...) { add(elements) }

    /// Takes all issues of one record.
    package init(_ issues: [ValidationIssue] = []) { add(issues) }

    /// Whether nothing is wrong.
    package var isEmpty: Bool { total == 0 }

    /// Adds one issue, which is made only if a response shows it.
    package mutating func append(_ issue: @autoclosure () -> ValidationIssue) {
        if shown.count < Self.mostShown { shown.append(issue()) }
        total += 1
    }

    /// Adds the issues of one more record.
    package mutating func add(_ issues: [ValidationIssue]) {
        shown += issues.prefix(Self.mostShown - shown.count)
        total += issues.count
    }
}
