import HTTP
package import Journal

extension SegmentCodec {
    /// Segments as `.gz`: to search old ones, `zcat` is enough.
    package static let gzip = SegmentCodec(
        fileExtension: "gz",
        makeEncoder: { () throws(SegmentCodecError) in GzipSegmentEncoder() },
        makeDecoder: { () throws(SegmentCodecError) in try GzipSegmentDecoder() }
    )
}

private final class GzipSegmentEncoder: SegmentTransform {
    // Nobody waits for it.
    private let encoder = GzipEncoder(level: 4)

    func process(_ input: [UInt8], isLast: Bool, into output: inout [UInt8]) throws(SegmentCodecError) {
        if !input.isEmpty { encoder.append(input, into: &output) }
        if isLast { encoder.finish(into: &output) }
    }
}

private final class GzipSegmentDecoder: SegmentTransform {
    private let decoder: ContentDecoder

    init() throws(SegmentCodecError) {
        let head = RequestHead(method: .post, target: "/", fields: ["Content-Encoding": "gzip"])
        do throws(RequestError) {
            guard let decoder = try ContentDecoder.make(for: head, decompressedBytes: .max) else {
                preconditionFailure("BUG: gzip needs a decoder")
            }
            self.decoder = decoder
        } catch {
            throw SegmentCodecError(message: error.description)
        }
    }

    func process(_ input: [UInt8], isLast: Bool, into output: inout [UInt8]) throws(SegmentCodecError) {
        var failure: RequestError?
        input.withUnsafeBytes { bytes in
            do throws(RequestError) {
                try decoder.decode(bytes, into: &output)
                if isLast { try decoder.finish() }
            } catch {
                failure = error
            }
        }
        if let failure { throw SegmentCodecError(message: failure.description) }
    }
}
