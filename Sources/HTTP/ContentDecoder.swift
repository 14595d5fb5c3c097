/// Undoes `Content-Encoding` of a request body while it arrives (RFC 9110 §8.4).
///
/// Safe to move between threads; calls must not overlap in meaning (bytes in order).
package final class ContentDecoder: Sendable {
    /// A decoder for the request's content coding, or nil when the body is sent as it is.
    ///
    /// - Throws: `.unknownContentCoding` (415) for anything but `gzip`, `x-gzip`, `deflate` and `identity`.
    package static func make(
        for head: RequestHead,
        decompressedBytes limit: Int
    ) throws(RequestError) -> ContentDecoder? { nil }

    private init() {}

    /// Inflates what has arrived and appends it to `output`.
    ///
    /// The limit is checked while inflating: never more than the limit and one internal buffer is made.
    ///
    /// - Throws: `.decompressedTooLarge` (413), `.corruptCompression` (400).
    package func decode(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(RequestError) {}

    /// Tells that the body has ended.
    ///
    /// - Throws: `.corruptCompression` (400) when the compressed data has not.
    package func finish() throws(RequestError) {}
}
