/// A response status code with its reason phrase (RFC 9110 §15).
package struct Status: Hashable, Sendable {
    /// The code, 100 to 599.
    package let code: Int

    /// Wraps a code; anything outside 100...599 is a bug of the caller.
    package init(code: Int) {
        precondition((100...599).contains(code), "BUG: status code \(code) is outside 100...599")
        self.code = code
    }

    /// The registered reason phrase, empty for a code that is not in the table.
    package var reason: String { Self.reasons[code] ?? "" }

    /// Whether a response with this status never carries a body (RFC 9110 §6.4.1).
    package var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }

    /// RFC 9110 §15.2.1.
    package static let `continue` = Status(code: 100)
    /// RFC 9110 §15.3.1.
    package static let ok = Status(code: 200)
    /// RFC 9110 §15.3.2.
    package static let created = Status(code: 201)
    /// RFC 9110 §15.3.3.
    package static let accepted = Status(code: 202)
    /// RFC 9110 §15.3.5.
    package static let noContent = Status(code: 204)
    /// RFC 9110 §15.4.5.
    package static let notModified = Status(code: 304)
    /// RFC 9110 §15.5.1.
    package static let badRequest = Status(code: 400)
    /// RFC 9110 §15.5.2.
    package static let unauthorized = Status(code: 401)
    /// RFC 9110 §15.5.4.
    package static let forbidden = Status(code: 403)
    /// RFC 9110 §15.5.5.
    package static let notFound = Status(code: 404)
    /// RFC 9110 §15.5.6.
    package static let methodNotAllowed = Status(code: 405)
    /// RFC 9110 §15.5.7.
    package static let notAcceptable = Status(code: 406)
    /// RFC 9110 §15.5.9.
    package static let requestTimeout = Status(code: 408)
    /// RFC 9110 §15.5.10.
    package static let conflict = Status(code: 409)
    /// RFC 9110 §15.5.11.
    package static let gone = Status(code: 410)
    /// RFC 9110 §15.5.13.
    package static let preconditionFailed = Status(code: 412)
    /// RFC 9110 §15.5.14.
    package static let contentTooLarge = Status(code: 413)
    /// RFC 9110 §15.5.15.
    package static let uriTooLong = Status(code: 414)
    /// RFC 9110 §15.5.16.
    package static let unsupportedMediaType = Status(code: 415)
    /// RFC 9110 §15.5.18.
    package static let expectationFailed = Status(code: 417)
    /// RFC 9110 §15.5.21.
    package static let unprocessableContent = Status(code: 422)
    /// RFC 6585 §4.
    package static let tooManyRequests = Status(code: 429)
    /// RFC 6585 §5.
    package static let headerFieldsTooLarge = Status(code: 431)
    /// RFC 9110 §15.6.1.
    package static let internalServerError = Status(code: 500)
    /// RFC 9110 §15.6.2.
    package static let notImplemented = Status(code: 501)
    /// RFC 9110 §15.6.3.
    package static let badGateway = Status(code: 502)
    /// RFC 9110 §15.6.4.
    package static let serviceUnavailable = Status(code: 503)
    /// RFC 9110 §15.6.5.
    package static let gatewayTimeout = Status(code: 504)
    /// RFC 9110 §15.6.6.
    package static let httpVersionNotSupported = Status(code: 505)
    /// RFC 4918 §11.5.
    package static let insufficientStorage = Status(code: 507)

    private static let reasons: [Int: String] = [
        100: "Continue", 101: "Switching Protocols",
        200: "OK", 201: "Created", 202: "Accepted", 203: "Non-Authoritative Information",
        204: "No Content", 205: "Reset Content", 206: "Partial Content",
        301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
        307: "Temporary Redirect", 308: "Permanent Redirect",
        400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict",
        410: "Gone", 411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large",
        414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
        417: "Expectation Failed", 421: "Misdirected Request", 422: "Unprocessable Content",
        423: "Locked", 424: "Failed Dependency", 426: "Upgrade Required", 428: "Precondition Required",
        429: "Too Many Requests", 431: "Request Header Fields Too Large",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway",
        503: "Service Unavailable", 504: "Gateway Timeout", 505: "HTTP Version Not Supported",
        507: "Insufficient Storage",
    ]
}
