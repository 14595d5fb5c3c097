/// How old segments are compressed; the application supplies it, so that this module needs no compressor.
package struct SegmentCodec: Sendable {
    /// The extension of a compressed segment's name, for example `gz`; not `tmp`, without dots.
    package let fileExtension: String
    /// Starts the compression of one segment.
    package let makeEncoder: @Sendable () throws(SegmentCodecError) -> any SegmentTransform
    /// Starts the decompression of one segment.
    package let makeDecoder: @Sendable () throws(SegmentCodecError) -> any SegmentTransform

    /// Makes a codec from its parts.
    package init(
        fileExtension: String,
        makeEncoder: @escaping @Sendable () throws(SegmentCodecError) -> any SegmentTransform,
        makeDecoder: @escaping @Sendable () throws(SegmentCodecError) -> any SegmentTransform
    ) {
        self.fileExtension = fileExtension
        self.makeEncoder = makeEncoder
        self.makeDecoder = makeDecoder
    }
}

/// One compression or decompression in progress; used by one thread at a time.
package protocol SegmentTransform: AnyObject {
    /// Takes all of `input` and appends the output; `isLast` (with empty input) asks for the rest.
    func process(_ input: [UInt8], isLast: Bool, into output: inout [UInt8]) throws(SegmentCodecError)
}

/// A codec's error, with a text for operators.
package struct SegmentCodecError: Error, Hashable, Sendable {
    /// What was wrong.
    package let message: String

    /// Makes an error from its text.
    package init(message: String) {
        self.message = message
    }
}
