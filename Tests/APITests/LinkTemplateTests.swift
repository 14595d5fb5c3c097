import Testing

@testable import API

@Suite("Templates of links")
struct LinkTemplateTests {
    private func link(_ text: String, _ values: [LinkTemplate.Placeholder: String]) throws -> String? {
        try LinkTemplate.read(text, for: .logs)?.link(values)
    }

    @Test func `keep hexadecimal ids and encode brackets of the documented example`() throws {
        let text = #"http://localhost:3000/explore?left=["now-1h","now","Tempo",{"query":"${traceId}"}]"#
        let template = try #require(try LinkTemplate.read(text, for: .trace))
        #expect(
            template.link([.traceID: "4bf92f3577b34da6a3ce929d0e0e4736"])
                == "http://localhost:3000/explore?left=%5B%22now-1h%22,%22now%22,%22Tempo%22,"
                + "%7B%22query%22:%224bf92f3577b34da6a3ce929d0e0e4736%22%7D%5D"
        )
        #expect(template.text == text)
    }

    @Test func `encode values, which are never scanned again`() throws {
        let text = "https://x.example/t/${traceId}?s=${spanId}&p=${pipelineName}"
        #expect(
            try link(text, [.traceID: "a/b?c&d#e", .pipelineName: "${traceId} é"])
                == "https://x.example/t/a%2Fb%3Fc%26d%23e?s=&p=%24%7BtraceId%7D%20%C3%A9"
        )
    }

    @Test func `are refused when they make no link`() {
        let bad = [
            "javascript:alert(${traceId})", "ftp://x/${traceId}", "//x/${traceId}", "http://", "https:///x",
            "http://x/${traceID}", "http://x/${traceId", "http://x/\u{7}", "http://x:80a/",
            "http://x/" + String(repeating: "a", count: 2048), "http://[x]/",
        ]
        for text in bad {
            #expect(throws: LinkTemplate.Complaint.self, "\(text)") {
                try LinkTemplate.read(text, for: .logs)
            }
        }
        #expect(throws: LinkTemplate.Complaint.self) { try LinkTemplate.read("http://x/", for: .trace) }
    }

    @Test func `are none when they are blank`() throws {
        #expect(try LinkTemplate.read(" \n", for: .trace) == nil)
        #expect(try LinkTemplate.read(" http://x/ ", for: .logs)?.text == "http://x/")
    }
}
