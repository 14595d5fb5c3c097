/// Where a page of a list ends: after so many rows, or after the row with which it has so many bytes.
///
/// Rows are as large as their senders made them, so that a number of rows bounds no memory. A page has one row at
/// least: whoever follows cursors comes to the end of every list.
package struct PageLimit: Hashable, Sendable {
    /// The most rows.
    package let rows: Int
    /// The bytes with which a page is full. The row that fills it is still shown, so that a page may be larger by that.
    package let bytes: Int

    /// Makes a limit.
    package init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }

    /// What a page may hold unless `WEIR_MAX_PAGE_BYTES` says something else.
    package static let defaultBytes = 16 << 20

    /// Whether a page with so many rows and bytes is full.
    package func isReached(rows: Int, bytes: Int) -> Bool {
        rows >= self.rows || (rows > 0 && bytes >= self.bytes)
    }
}
