/// Which pages of other origins may read responses (the CORS protocol, Fetch §3.2).
///
/// Credentials of the browser (cookies) are never allowed: this server knows bearer tokens only, which a page
/// sends itself.
package struct CORSPolicy: Sendable {
    private let origins: Set<String>
    private let allowsAny: Bool
    private let exposedFields: [String]
    private let maxAgeSeconds: Int

    /// Takes origins as browsers write them (`https://example.org:8443`), or `*` for all; case and a trailing
    /// slash do not matter. An empty list switches CORS off.
    package init(allowedOrigins: [String], exposedFields: [String] = [], maxAgeSeconds: Int = 600) {
        origins = Set(allowedOrigins.map(Self.normalized))
        allowsAny = allowedOrigins.contains("*")
        self.exposedFields = exposedFields
        self.maxAgeSeconds = maxAgeSeconds
    }

    /// Whether no origin is allowed, so that no response carries a CORS field.
    package var isOff: Bool { origins.isEmpty }

    /// Whether pages of an origin may read responses.
    package func allows(_ origin: String) -> Bool { allowsAny || origins.contains(Self.normalized(origin)) }

    /// The fields to add to the response of a request, whatever its status.
    package func responseFields(for head: RequestHead) -> HeaderFields {
        var fields = originFields(for: head)
        if fields.contains("Access-Control-Allow-Origin"), !exposedFields.isEmpty {
            fields.append("Access-Control-Expose-Headers", exposedFields.joined(separator: ", "))
        }
        return fields
    }

    /// The response to a preflight request, or nil when the request is none or CORS is off.
    ///
    /// An origin that is not allowed gets a 204 without permission, which the browser takes as a refusal.
    package func preflightResponse(for head: RequestHead, allow: [Method]) -> Response? {
        guard !origins.isEmpty, head.method == .options, head.fields.contains("Origin") else { return nil }
        guard head.fields.contains("Access-Control-Request-Method") else { return nil }
        var fields = originFields(for: head)
        fields.append("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
        if fields.contains("Access-Control-Allow-Origin") {
            fields.append("Access-Control-Allow-Methods", allow.map(\.name).joined(separator: ", "))
            let requested = head.fields.list("Access-Control-Request-Headers").filter {
                ASCII.isToken($0.utf8)
            }
            if !requested.isEmpty {
                fields.append("Access-Control-Allow-Headers", requested.joined(separator: ", "))
            }
            fields.append("Access-Control-Max-Age", String(maxAgeSeconds))
        }
        return Response(status: .noContent, fields: fields)
    }

    private func originFields(for head: RequestHead) -> HeaderFields {
        guard !origins.isEmpty else { return HeaderFields() }
        if allowsAny {
            return head.fields.contains("Origin") ? ["Access-Control-Allow-Origin": "*"] : HeaderFields()
        }
        // A cache must not give one origin's response to another, nor one without Origin to any.
        var fields: HeaderFields = ["Vary": "Origin"]
        if let origin = head.fields["Origin"], origins.contains(Self.normalized(origin)) {
            fields.append("Access-Control-Allow-Origin", origin)
        }
        return fields
    }

    private static func normalized(_ origin: String) -> String {
        let origin = origin.lowercased()
        return origin.hasSuffix("/") ? String(origin.dropLast()) : origin
    }
}
