/// One SQL statement with `$1`, `$2`, … and the name by which errors and logs call it.
package struct Statement: Hashable, Sendable {
    /// Appears in errors as what was attempted. Bounded: it never holds values.
    package let name: String
    /// The text. It never contains values.
    package let sql: String

    /// Names a statement. The prepared plan is kept by its text, so the text should be constant.
    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }

    /// Names the statement of an SQL file that is embedded in the executable.
    package init(_ name: String, file: [UInt8]) {
        self.init(name, String(decoding: file, as: UTF8.self))
    }

    /// A statement named by its first words.
    package init(sql: String) {
        self.init(Self.firstWords(of: sql), sql)
    }

    static func firstWords(of sql: String) -> String {
        sql.prefix(200).split { $0.isWhitespace }.prefix(4).joined(separator: " ")
    }
}

extension Statement: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(sql: value) }
}
