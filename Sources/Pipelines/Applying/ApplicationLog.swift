internal import Core

/// What a program logs beside any stage: `POST /logs`. Contract pipelogiq §7.3.
struct ApplicationLog: Hashable, Sendable {
    var id: Int64 = 0
    var application = ""
    var message: String?
    var level: String?
    var created: Timestamp?
    var keywords: [NewPipeline.Pair]

    init(_ body: BodyReader) throws(BodyReader.Mistake) {
        message = try body.text("message")
        level = try body.word("logLevel", atMost: 50)
        created = try body.time("created")
        keywords = try NewPipeline.keywords(body, "keywords")
    }

    /// The body of the line.
    var line: [UInt8] {
        var writer = JSONWriter()
        writer.object { line in
            line.member("id", id)
            line.member("application", application)
            writeMembers(to: &line)
        }
        return writer.bytes
    }

    /// Reads the body of a line.
    init(line body: BodyReader) throws(BodyReader.Mistake) {
        try self.init(body)
        guard let id = try body.id("id") else { throw .init("not a line of a log") }
        self.id = id
        application = try body.text("application") ?? ""
    }

    /// Writes what the client sent; what is absent is left out.
    func writeMembers(to object: inout JSONWriter) {
        if let message { object.member("message", message) }
        if let level { object.member("logLevel", level) }
        if let created { object.member("created", created.iso8601()) }
        guard !keywords.isEmpty else { return }
        object.member("keywords", raw: keywordsJSON)
    }

    /// The keywords as a JSON array.
    var keywordsJSON: [UInt8] {
        var writer = JSONWriter()
        writer.array { list in
            for pair in keywords {
                list.object { element in
                    element.member("key", pair.key)
                    element.member("value", pair.value)
                }
            }
        }
        return writer.bytes
    }
}
