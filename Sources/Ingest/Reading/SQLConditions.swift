package import Postgres

/// The conditions of a client's query, with their parameters.
///
/// Only the conditions of the request become part of the text: a plan for `$1 IS NULL OR …` would not use an index.
/// There are few combinations, so plans are still cached.
package struct SQLConditions {
    /// The values of `$1`, `$2`, … so far.
    package private(set) var parameters: [Parameter] = []
    private var conditions: [String] = []

    /// No conditions yet.
    package init() {}

    /// Adds a value; returns its placeholder, such as `$3`.
    package mutating func place(_ parameter: Parameter) -> String {
        parameters.append(parameter)
        return "$\(parameters.count)"
    }

    /// Adds a condition. Text only: values go through `place(_:)`.
    package mutating func require(_ condition: String) {
        conditions.append(condition)
    }

    /// Adds `column = value`, unless there is no value.
    package mutating func require(_ column: String, equals value: Parameter?) {
        guard let value else { return }
        require("\(column) = \(place(value))")
    }

    /// All conditions, for after `WHERE`.
    package var text: String {
        conditions.isEmpty ? "true" : conditions.map { "(\($0))" }.joined(separator: " AND ")
    }
}
