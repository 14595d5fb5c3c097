/// An answer of an endpoint as `/openapi.json` describes it.
package struct APIAnswer: Sendable {
    /// A body in one media type.
    package struct Content: Sendable {
        /// The media type: `text/csv`.
        package let mediaType: String
        /// The type of the body.
        package let type: APIType

        /// Describes a body.
        package init(_ mediaType: String, _ type: APIType) {
            self.mediaType = mediaType
            self.type = type
        }
    }

    /// A field of the header section.
    package struct Header: Sendable {
        /// Its name.
        package let name: String
        /// The type of its value.
        package let type: APIType
        /// What it means, and when it is present.
        package let summary: String

        /// Describes a field.
        package init(_ name: String, _ type: APIType, _ summary: String) {
            self.name = name
            self.type = type
            self.summary = summary
        }
    }

    /// The status.
    package let status: Int
    /// When it is given, as a sentence.
    package let summary: String
    /// The body in each of its media types.
    package let contents: [Content]
    /// Fields beside those of every response.
    package let headers: [Header]

    /// Describes an answer in several media types.
    package init(_ status: Int, _ summary: String, contents: [Content], headers: [Header] = []) {
        self.status = status
        self.summary = summary
        self.contents = contents
        self.headers = headers
    }

    /// Describes an answer in JSON.
    package init(_ status: Int, _ summary: String, _ type: APIType, headers: [Header] = []) {
        self.init(status, summary, contents: [Content("application/json", type)], headers: headers)
    }

    /// The same with more header fields.
    package func adding(_ more: [Header]) -> APIAnswer {
        APIAnswer(status, summary, contents: contents, headers: headers + more)
    }
}

// MARK: - Answers of many endpoints

extension APIAnswer {
    /// One sentence that gives the reason.
    package static func refusal(_ status: Int, _ summary: String, headers: [Header] = []) -> APIAnswer {
        APIAnswer(status, summary, .named(.error), headers: headers)
    }

    /// The errors of endpoints that read rows.
    package static let storeRefusals: [APIAnswer] = [
        .refusal(500, "A bug in Weir; its log has the reason."),
        .refusal(503, "PostgreSQL is away or busy. Retry.", headers: [.retryAfter]),
    ]

    /// The errors of endpoints that write to the journal, when the client's data is not stored.
    package static let journalRefusals: [APIAnswer] = [
        .refusal(413, "The body is larger than Weir takes.", headers: [.retryAfter]),
        .refusal(503, "The journal cannot be written at the moment. Send it again.", headers: [.retryAfter]),
        .refusal(507, "The disk of the journal is full.", headers: [.retryAfter]),
    ]
}

extension APIAnswer.Header {
    /// Seconds.
    package static let retryAfter = Self("Retry-After", .integer(0), "Seconds after which to retry.")

    /// May be set on a list or a record.
    package static let lagLines = Self(
        "Weir-Lag-Lines",
        .integer(1),
        "How many acknowledged lines this answer does not show yet; absent when it shows all."
    )
}
