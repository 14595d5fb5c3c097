/// A question of `weir audit` and the SQL that answers it. Contract §4.5.
package struct AuditQuestion: Sendable {
    /// Its name for `--only`.
    package let name: String
    /// The question as text.
    package let title: String
    package let sql: String
    /// What a result without rows means.
    package let ifEmpty: String
    /// Whether it runs only when `--only` names it.
    package let isLong: Bool

    /// Makes a question from the bytes of an SQL file.
    package init(
        _ name: String,
        _ title: String,
        _ sql: [UInt8],
        ifEmpty: String = "none",
        isLong: Bool = false
    ) {
        self.name = name
        self.title = title
        self.sql = String(decoding: sql, as: UTF8.self)
        self.ifEmpty = ifEmpty
        self.isLong = isLong
    }
}
