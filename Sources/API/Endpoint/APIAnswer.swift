/// An answer of an endpoint as `/openapi.json` describes it.
package struct APIAnswer: Sendable {
    /// A body in one media type.
    package struct Content: Sendable {
        /// The media type: `text/csv`.
        package let mediaType: String
        /// What the body is.
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
        /// What its value is.
        package let type: APIType
        /// What it means, and when it is there.
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
    /// When it is given, in a sentence.
    package let summary: String
    /// The body in each of its media types.
    package let contents: [Content]
    /// Fields beside those that every answer has.
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

// MARK: - Answers that many endpoints give

extension APIAnswer {
    /// One sentence that says what was wrong.
    package static func refusal(_ status: Int, _ summary: String, headers: [Header] = []) -> APIAnswer {
        APIAnswer(status, summary, .named(.error), headers: headers)
    }

    /// What endpoints answer that read rows, beside what they are asked for.
    package static let storeRefusals: [APIAnswer] = [
        .refusal(500, "Weir made a mistake; its log says which."),
        .refusal(503, "PostgreSQL is away or busy. Ask again.", headers: [.retryAfter]),
    ]

    /// What endpoints answer that write to the journal, when what was sent is not stored.
    package static let journalRefusals: [APIAnswer] = [
        .refusal(413, "The body is larger than Weir takes.", headers: [.retryAfter]),
        .refusal(503, "The journal cannot be written at the moment. Send it again.", headers: [.retryAfter]),
        .refusal(507, "The disk of the journal is full.", headers: [.retryAfter]),
    ]
}

extension APIAnswer.Header {
    /// Seconds.
    package static let retryAfter = Self("Retry-After", .integer(0), "Seconds after which to ask again.")

    /// What a list or a record may lack.
    package static let lagLines = Self(
        "Weir-Lag-Lines",
        .integer(1),
        "How many acknowledged lines this answer does not know yet; absent when it knows all."
    )
}
