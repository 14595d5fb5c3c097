import Core
import HTTP
import Testing

@testable import API

@Suite struct `Validation dialects` {
    private static let issues: ValidationIssues = [
        ValidationIssue([.name("query"), .name("limit")], .below(1), Array("\"0\"".utf8)[...]),
        ValidationIssue(
            [.name("body"), .index(2), .name("kind")],
            .notPermitted(given: "c", permitted: ["a", "b"])
        ),
        ValidationIssue([.name("body")], .missing),
    ]

    private func text(_ response: Response) -> String {
        if case .bytes(let bytes) = response.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    @Test func `pydantic 1 says where, what and which kind`() {
        let response = ValidationDialect.pydantic1.response(Self.issues)
        #expect(response.status == .unprocessableContent)
        #expect(
            text(response) == """
                {"detail":[{"loc":["query","limit"],"msg":"ensure this value is greater than or equal to 1",\
                "type":"value_error.number.not_ge","ctx":{"limit_value":1}},\
                {"loc":["body",2,"kind"],"msg":"unexpected value; permitted: 'a', 'b'","type":"value_error.const",\
                "ctx":{"given":"c","permitted":["a","b"]}},\
                {"loc":["body"],"msg":"field required","type":"value_error.missing"}]}
                """
        )
    }

    @Test func `pydantic 2 says so in other words, and shows the value`() {
        #expect(
            text(ValidationDialect.pydantic2.response(Self.issues)) == """
                {"detail":[{"type":"greater_than_equal","loc":["query","limit"],\
                "msg":"Input should be greater than or equal to 1","input":"0","ctx":{"ge":1}},\
                {"type":"enum","loc":["body",2,"kind"],"msg":"Input should be 'a' or 'b'","input":null,\
                "ctx":{"expected":"'a' or 'b'"}},\
                {"type":"missing","loc":["body"],"msg":"Field required","input":null}]}
                """
        )
    }

    @Test func `a response lists a hundred issues and counts the rest`() {
        var issues = ValidationIssues()
        for index in 0..<250 { issues.add([ValidationIssue([.name("body"), .index(index)], .missing)]) }
        let body = text(ValidationDialect.pydantic2.response(issues))
        #expect(body.contains(#"["body",99]"#))
        #expect(!body.contains(#"["body",100]"#))
        #expect(body.hasSuffix(#""total_faults":250}"#))
    }
}

@Suite struct `Parameter reader` {
    private static let limit = APIParameter.integer("limit", 1...9, default: 3, "How many.")
    private static let order = APIParameter.word("order", ["old", "new"], "Which come first.")

    @Test func `reads what is declared, the last of repeated ones, and defaults`() throws {
        var reader = ParameterReader(Query(raw: "limit=4&limit=7&order=new"))
        #expect(reader.count(Self.limit) == 7)
        #expect(reader.word(Self.order) == "new")
        try reader.finish()
        var empty = ParameterReader(Query(raw: nil))
        #expect(empty.count(Self.limit) == 3)
        #expect(empty.word(Self.order) == nil)
    }

    @Test func `collects every issue in the order of the reads`() {
        var reader = ParameterReader(Query(raw: "order=odd&limit=10"))
        _ = reader.count(Self.limit)
        _ = reader.word(Self.order)
        do throws(ValidationIssues) {
            try reader.finish()
            Issue.record("nothing was wrong")
        } catch {
            #expect(error.total == 2)
            #expect(
                error.shown.map(\.location) == [
                    [.name("query"), .name("limit")], [.name("query"), .name("order")],
                ]
            )
        }
    }
}
