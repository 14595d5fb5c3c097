/// Why a request was refused before any handler saw it; the connection is closed after the response.
package struct RequestError: Error, Hashable, Sendable {
    /// What was wrong.
    package let cause: Cause

    /// The limit that was exceeded, if the cause is one.
    package let limit: Int?

    /// Names a cause, and its limit if it is one.
    package init(_ cause: Cause, limit: Int? = nil) {
        self.cause = cause
        self.limit = limit
    }

    /// The causes; the raw value is a bounded word for a metric label.
    package enum Cause: String, CaseIterable, Sendable {
        case malformedRequestLine = "malformed_request_line"
        case malformedTarget = "malformed_target"
        case connectNotSupported = "connect_not_supported"
        case versionNotSupported = "version_not_supported"
        case requestLineTooLong = "request_line_too_long"
        case bareLineFeed = "bare_line_feed"
        case bareCarriageReturn = "bare_carriage_return"
        case controlCharacter = "control_character"
        case foldedField = "folded_field"
        case spaceBeforeColon = "space_before_colon"
        case malformedField = "malformed_field"
        case headerSectionTooLarge = "header_section_too_large"
        case tooManyFields = "too_many_fields"
        case missingHost = "missing_host"
        case repeatedHost = "repeated_host"
        case malformedHost = "malformed_host"
        case lengthAndTransferEncoding = "length_and_transfer_encoding"
        case differingLengths = "differing_lengths"
        case malformedLength = "malformed_length"
        case transferEncodingInHTTP10 = "transfer_encoding_in_http10"
        case chunkedNotLast = "chunked_not_last"
        case unknownTransferCoding = "unknown_transfer_coding"
        case malformedChunk = "malformed_chunk"
        case chunkExtensionsTooLarge = "chunk_extensions_too_large"
        case expectationFailed = "expectation_failed"
        case bodyTooLarge = "body_too_large"
        case decompressedTooLarge = "decompressed_too_large"
        case corruptCompression = "corrupt_compression"
        case unknownContentCoding = "unknown_content_coding"
    }

    /// The bounded word for a metric label.
    package var reason: String { cause.rawValue }

    /// The status of the response.
    package var status: Status {
        switch cause {
        case .requestLineTooLong: .uriTooLong
        case .headerSectionTooLarge, .tooManyFields: .headerFieldsTooLarge
        case .bodyTooLarge, .decompressedTooLarge: .contentTooLarge
        case .versionNotSupported: .httpVersionNotSupported
        case .unknownTransferCoding, .connectNotSupported: .notImplemented
        case .expectationFailed: .expectationFailed
        case .unknownContentCoding: .unsupportedMediaType
        default: .badRequest
        }
    }
}
