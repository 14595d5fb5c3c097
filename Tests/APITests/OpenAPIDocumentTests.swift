import Core
import HTTP
import Testing

@testable import API

@Suite struct `OpenAPI description` {
    private func describe(_ endpoints: [Endpoint]) throws -> JSONNode {
        try JSONDocument(OpenAPIDocument(endpoints, version: "1.2.3").bytes).root
    }

    @Test func `names the version of the format and of Weir`() throws {
        let document = try describe([])
        #expect(document["openapi"]?.string == "3.1.0")
        #expect(document["info"]?["version"]?.string == "1.2.3")
    }

    @Test func `has an operation for each method of a path, with the parameters of path and query`() throws {
        let document = try describe([
            .make(
                .get,
                "/api/runs/{id}",
                scope: .read,
                parameters: [.integer("limit", 1...9, default: 3, "How many.")]
            ),
            .make(.delete, "/api/runs/{id}", scope: .admin),
            .make(.get, "/files/{path...}"),
        ])
        let item = document["paths"]?["/api/runs/{id}"]
        #expect(item?["delete"]?["operationId"]?.string == "deleteApiRunsId")
        let parameters = item?["get"]?["parameters"]?.elements.map { $0["name"]?.string }
        #expect(parameters == ["id", "limit"])
        let limit = item?["get"]?["parameters"]?.elements.first { $0["name"]?.string == "limit" }?["schema"]
        #expect(
            limit.map { String(decoding: $0.rawBytes, as: UTF8.self) }
                == #"{"type":"integer","minimum":1,"maximum":9,"default":3}"#
        )
        #expect(
            document["paths"]?["/files/{path}"]?["get"]?["parameters"]?.elements.first { _ in true } != nil
        )
    }

    @Test func `asks for a token where there is a scope, and for none where there is not`() throws {
        let document = try describe([.make(.get, "/a", scope: .read), .make(.get, "/b")])
        let guarded = document["paths"]?["/a"]?["get"]?["security"]?.elements.map {
            $0.members.map { $0.key.string }
        }
        #expect(guarded == [["bearer"], ["basic"], ["apiKey"]])
        #expect(document["paths"]?["/b"]?["get"]?["security"]?.elements.map { $0.kind }.isEmpty == true)
    }

    @Test func `says what is posted and what is answered, and with which status`() throws {
        var text = APIType.text
        (text.shortest, text.longest) = (1, 9)
        let note = APISchema(
            "Note",
            [.init("text", text), .init("kind", APIType.word(["a"]).orNull, isRequired: false)]
        )
        let route = Endpoint(
            .post,
            "/notes",
            scope: .ingest,
            documentation: EndpointDocumentation(
                tag: "Notes",
                summary: "Takes a note.",
                request: .named(note),
                answers: [
                    APIAnswer(201, "It is taken.", .list(.named(note)), headers: [.lagLines]),
                    .refusal(507, "There is no room.", headers: [.retryAfter]),
                ]
            ),
            handler: .async { _ in Response(status: .created) }
        )
        let document = try describe([route])
        let operation = document["paths"]?["/notes"]?["post"]
        let reference = "#/components/schemas/Note"
        let posted = operation?["requestBody"]?["content"]?["application/json"]?["schema"]
        #expect(posted?["$ref"]?.string == reference)
        let answered = operation?["responses"]?["201"]?["content"]?["application/json"]?["schema"]
        #expect(answered?["items"]?["$ref"]?.string == reference)
        let statuses = operation?["responses"]?.members.compactMap { $0.key.string }
        #expect(statuses == ["201", "400", "401", "403", "413", "415", "507", "default"])
        let refusal = operation?["responses"]?["507"]
        #expect(
            refusal?["content"]?["application/json"]?["schema"]?["$ref"]?.string
                == "#/components/schemas/Error"
        )
        #expect(refusal?["headers"]?["Retry-After"]?["schema"]?["minimum"]?.int64 == 0)
        #expect(
            refusal?["headers"]?["X-Request-Id"]?["$ref"]?.string == "#/components/headers/X-Request-Id"
        )
        let schema = document["components"]?["schemas"]?["Note"]
        #expect(schema?["required"].map { String(decoding: $0.rawBytes, as: UTF8.self) } == #"["text"]"#)
        let described = schema?["properties"]?["text"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
        #expect(described == #"{"type":"string","minLength":1,"maxLength":9}"#)
        let kind = schema?["properties"]?["kind"].map { String(decoding: $0.rawBytes, as: UTF8.self) }
        #expect(kind == #"{"type":["string","null"],"enum":["a",null]}"#)
    }
}
