import Testing

@testable import Alerts

@Suite("Matchers as Alertmanager's tools write them")
struct MatcherTextTests {
    @Test(
        "are read, in every form",
        arguments: [
            ("alertname=A", [#"alertname="A""#]),
            (#"alertname="A""#, [#"alertname="A""#]),
            (" alertname = \"A\" ", [#"alertname="A""#]),
            ("alertname!=A", [#"alertname!="A""#]),
            (#"alertname=~"A|B""#, [#"alertname=~"A|B""#]),
            ("alertname!~A.*", [#"alertname!~"A.*""#]),
            (#"{a="b",c=~"d"}"#, [#"a="b""#, #"c=~"d""#]),
            ("{a=b, c!=d,}", [#"a="b""#, #"c!="d""#]),
            (#"a="b",c="d""#, [#"a="b""#, #"c="d""#]),
            ("{}", []),
            ("a=b,c", [#"a="b,c""#]),
            (#"a="""#, [#"a="""#]),
            (#"a=~"\\d+\.x""#, [#"a=~"\\d+\\.x""#]),
            (#"a="say \"hi\"\n""#, [#"a="say \"hi\"\n""#]),
            (#""job type"="x""#, [#"job type="x""#]),
        ] as [(String, [String])]
    )
    func read(_ text: String, _ expected: [String]) throws {
        #expect(try MatcherText.read(text).map(\.text) == expected)
    }

    @Test(
        "say what is wrong",
        arguments: [
            ("", #"bad matcher format: : a matcher is written as name="value", with =, !=, =~ or !~"#),
            ("foo", #"bad matcher format: foo: a matcher is written as name="value", with =, !=, =~ or !~"#),
            ("{a=b", "bad matcher format: {a=b: `}` is missing"),
            (#"a="b"#, #"bad matcher format: a="b: a quote is not closed"#),
            (#"a=b""#, #"bad matcher format: a=b": a quote stands within the value"#),
            ("=b", "bad matcher format: =b: the name of a label has 1 to 200 bytes"),
            (#"a=~"(""#, #"bad matcher format: a=~"(": a `(` in the pattern has no `)`"#),
            (#"a=~"\1""#, #"bad matcher format: a=~"\1": the pattern has `\1`, which is not supported"#),
        ]
    )
    func refusals(_ text: String, _ message: String) {
        let fault = #expect(throws: Matcher.Fault.self) { try MatcherText.read(text) }
        #expect(fault?.message == message)
    }

    @Test(
        "meet labels as a whole, and treat an absent one as empty",
        arguments: [
            ("a=x", true), ("a=y", false), ("a!=y", true), ("a=~x|y", true), ("a=~.", true),
            ("a=~\"\"", false),
            ("a!~x", false), ("b=\"\"", true), ("b!=\"\"", false), ("b=~.*", true), ("b!~.+", true),
        ]
    )
    func labels(_ text: String, _ expected: Bool) throws {
        #expect(try MatcherText.read(text)[0].matches(["a": "x"]) == expected)
    }

    @Test func `never take long, whatever the pattern`() throws {
        let matcher = try MatcherText.read(#"a=~"(x+x+)+y""#)[0]
        #expect(!matcher.matches(["a": String(repeating: "x", count: 20_000)]))
    }
}
