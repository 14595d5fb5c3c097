/// One step of the schema, known by its number for ever.
package struct Migration: Hashable, Sendable {
    /// From 1 upwards, without repetition.
    package let version: Int
    /// What the step does, in a few words.
    package let name: String
    /// Statements separated by `;`.
    package let sql: String

    /// Creates a step. A line `-- weir:no-transaction` in `sql` makes it run outside a transaction, one statement
    /// after the other, as `CREATE INDEX CONCURRENTLY` needs; such a step must bear being repeated.
    package init(version: Int, name: String, sql: String) {
        self.version = version
        self.name = name
        self.sql = sql
    }

    /// FNV-1a of the text in 64 bits, in hexadecimal: it finds an edited file, not a forged one.
    package var checksum: String {
        let digest = sql.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let digits = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    var runsInTransaction: Bool {
        !sql.split(whereSeparator: \.isNewline).contains { line in
            line.split(separator: " ").elementsEqual(["--", "weir:no-transaction"])
        }
    }
}
