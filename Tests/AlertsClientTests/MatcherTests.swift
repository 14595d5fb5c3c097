import Testing

@testable import AlertsClient

@Suite struct `Matchers` {
    @Test(arguments: [
        ("alertname=x", LabelMatcher(name: "alertname", value: "x", isRegex: false, isEqual: true)),
        (#"process=~"A.*""#, LabelMatcher(name: "process", value: "A.*", isRegex: true, isEqual: true)),
        ("project!=radio", LabelMatcher(name: "project", value: "radio", isRegex: false, isEqual: false)),
        ("agent !~ (a|b)", LabelMatcher(name: "agent", value: "(a|b)", isRegex: true, isEqual: false)),
        (
            #"title="say \"no\", twice""#,
            .init(name: "title", value: #"say "no", twice"#, isRegex: false, isEqual: true)
        ),
        (#"run=~"\d+""#, LabelMatcher(name: "run", value: #"\d+"#, isRegex: true, isEqual: true)),
        ("run failed", LabelMatcher(name: "alertname", value: "run failed", isRegex: false, isEqual: true)),
        ("pipeline=", LabelMatcher(name: "pipeline", value: "", isRegex: false, isEqual: true)),
    ])
    func `are read as amtool reads them`(text: String, matcher: LabelMatcher) throws {
        #expect(try MatcherReader.read([text]) == [matcher])
    }

    @Test func `may stand in braces, as Alertmanager shows them`() throws {
        let matchers = try MatcherReader.read([#"{alertname="a,b", process!~"X|Y"}"#, "project=p"])
        #expect(matchers.map(\.description) == [#"alertname="a,b""#, #"process!~"X|Y""#, "project=p"])
    }

    @Test(arguments: [
        ("=x", "'=x' is no matcher: write label=value, label!=value, label=~regex or label!~regex"),
        ("9a=x", "'9a=x' is no matcher: write label=value, label!=value, label=~regex or label!~regex"),
        (#"a="x"#, #"the quotes in 'a="x' don't match; the shell wants single quotes around all of it"#),
        ("", "name at least one matcher, such as alertname=x or 'process=~\"A.*\"'"),
    ])
    func `that are none are refused with a reason`(text: String, says: String) {
        #expect(throws: AlertsFailure(says)) { try MatcherReader.read([text]) }
    }

    @Test func `are at least one`() {
        #expect(throws: AlertsFailure.self) { try MatcherReader.read([]) }
    }
}
