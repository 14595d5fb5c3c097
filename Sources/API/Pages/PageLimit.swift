/// The end of a page of a list: after a number of rows, or after the row with which it reaches a number of bytes.
///
/// The size of rows is up to their senders, so that a number of rows does not bound memory. A page has at least one
/// row: a client that follows cursors reaches the end of every list.
package struct PageLimit: Hashable, Sendable {
    /// The most rows.
    package let rows: Int
    /// The bytes with which a page is full. The row that fills it is still included, so that a page may exceed this
    /// by one row.
    package let bytes: Int

    /// Makes a limit.
    package init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }

    /// The default of `WEIR_MAX_PAGE_BYTES`.
    package static let defaultBytes = 16 << 20

    /// Whether a page with this many rows and bytes is full.
    package func isReached(rows: Int, bytes: Int) -> Bool {
        rows >= self.rows || (rows > 0 && bytes >= self.bytes)
    }
}
