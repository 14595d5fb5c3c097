/// The limits of a request; every member is a setting.
package struct Limits: Hashable, Sendable {
    /// Longest request line in bytes, without its CRLF; beyond it 414.
    package var requestLineBytes: Int

    /// Largest header (and trailer) section in bytes, field lines with their CRLFs; beyond it 431.
    package var headerBytes: Int

    /// Most field lines in a header (and trailer) section; beyond it 431.
    package var headerCount: Int

    /// Largest body in bytes as it is sent, without chunk framing; beyond it 413. A route may set its own.
    package var bodyBytes: Int

    /// Largest body in bytes after inflating; beyond it 413.
    package var decompressedBytes: Int

    /// Most bytes of chunk size lines beyond the sizes themselves, over a whole body; beyond it 400.
    package var chunkExtensionBytes: Int

    /// Most empty lines before a request line (RFC 9112 §2.2); beyond it 400.
    package var leadingEmptyLines: Int

    /// Limits with defaults.
    package init(
        requestLineBytes: Int = 16 << 10,
        headerBytes: Int = 64 << 10,
        headerCount: Int = 128,
        bodyBytes: Int = 32 << 20,
        decompressedBytes: Int = 64 << 20,
        chunkExtensionBytes: Int = 16 << 10,
        leadingEmptyLines: Int = 4
    ) {
        self.requestLineBytes = requestLineBytes
        self.headerBytes = headerBytes
        self.headerCount = headerCount
        self.bodyBytes = bodyBytes
        self.decompressedBytes = decompressedBytes
        self.chunkExtensionBytes = chunkExtensionBytes
        self.leadingEmptyLines = leadingEmptyLines
    }
}
