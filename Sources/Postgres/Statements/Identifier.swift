/// Names and constants inside SQL text, for the few statements that take no `$1`.
package enum Identifier {
    /// `name` in double quotes, its own doubled.
    package static func quoted(_ name: String) -> String {
        "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }

    /// `value` in single quotes, its own doubled; right only with `standard_conforming_strings`.
    package static func literal(_ value: String) -> String {
        "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}
