/// Why a connection URL or key=value text is not usable.
///
/// No case quotes the text: a misplaced `@` or blank would put a part of the password into a log.
package enum ConnectionTargetError: Error, Hashable, Sendable {
    /// Nothing was given.
    case empty
    /// The part before `://` is neither `postgresql` nor `postgres`, with or without `+driver`.
    case unsupportedScheme
    /// A `%` is not followed by two hexadecimal digits, or names a NUL.
    case malformedPercentEncoding
    /// A port is not a number from 1 to 65535.
    case invalidPort
    /// An IPv6 address in `[` lacks its `]`, or something other than a port follows it.
    case malformedAddress
    /// The parameter at this position (from 1) is not one libpq knows.
    case unknownParameter(position: Int)
    /// The word at this position (from 1) has no `=`.
    case missingEquals(position: Int)
    /// A value in single quotes does not end.
    case unterminatedQuote
}

extension ConnectionTargetError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "the connection URL is empty"
        case .unsupportedScheme:
            "the connection URL must begin with postgresql:// or postgres:// (a +driver suffix is ignored)"
        case .malformedPercentEncoding:
            "the connection URL has a % that is not followed by two hexadecimal digits; write %25 for a %"
        case .invalidPort:
            "the port in the connection URL is not a number from 1 to 65535; write / in a password as %2F"
        case .malformedAddress: "the connection URL has a malformed [IPv6] address"
        case .unknownParameter(let position):
            "parameter \(position) of the connection URL is not one that libpq knows"
        case .missingEquals(let position):
            "word \(position) of the connection parameters has no '='; use key=value or a postgresql:// URL"
        case .unterminatedQuote: "a quoted value in the connection parameters does not end"
        }
    }
}
