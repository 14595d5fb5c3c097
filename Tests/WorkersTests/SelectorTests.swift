import Core
import FeatureTestKit
import Testing

@testable import Workers

@Suite struct `Selectors of series` {
    private let labels = LabelText(bytes: Array(#"{a="1",path="c:\\x",q="say \"hi\"\n",component="w"}"#.utf8))
        .labels

    private func matches(_ text: String) throws -> Bool {
        var work = Int.max
        return try SeriesSelector(text).matches(Array("up_total".utf8), labels, &work)
    }

    @Test(arguments: [
        "up_total", #"{a="1"}"#, #"up_total{a!="2",}"#, #"{__name__=~"up.*"}"#, #"{a=~"1|2",b=""}"#,
        #" { a = '1' , component !~ "x.*" } "#, #"{path="c:\\x"}"#, #"{q=~"say \"hi\"\n"}"#,
    ])
    func `match what they mean`(text: String) throws {
        #expect(try matches(text))
    }

    @Test(arguments: [
        "up", #"{a="2"}"#, #"{a!="1",component="w"}"#, #"{a=~"[02-9]"}"#, #"{component!~"w|x",a="1"}"#,
    ])
    func `do not match what they do not mean`(text: String) throws {
        #expect(try !matches(text))
    }

    @Test(arguments: [
        ("", "a selector needs a condition that an empty value does not meet"),
        ("{}", "a selector needs a condition that an empty value does not meet"),
        (#"{a=~".*"}"#, "a selector needs a condition that an empty value does not meet"),
        (#"{a}"#, "=, !=, =~ or !~ is expected before `}`"),
        (#"{a="1""#, "`,` or `}` is expected at the end"),
        (#"{a="1}"#, "the end of the quoted value is expected at the end"),
        (#"up{a="1"} x"#, "the end is expected before `x`"),
        (#"{a=~"("}"#, "a `(` in the pattern has no `)`"),
        (#"{a=~"a)"}"#, "a `)` in the pattern has no `(`"),
        (#"{a=~"*"}"#, "a `*` in the pattern repeats nothing"),
        (#"{a=~"a**"}"#, "a repetition in the pattern is repeated"),
        (#"{a=~"(?=a)"}"#, "of groups with `?` a pattern may have `(?:…)` only"),
        (#"{a=~"a{2,1}"}"#, "a repetition in the pattern is out of order, or above 1000"),
        (#"{a=~"(a{1000}){1000}"}"#, "the pattern is too large: use shorter repetitions"),
        (#"{a=~"\\1"}"#, "the pattern has `\\1`, which is not supported"),
        (#"{a=~"[z-a]"}"#, "a range within brackets is out of order"),
        (#"{a=~"[a"}"#, "a `[` in the pattern has no `]`"),
    ])
    func `say what is wrong`(text: String, message: String) {
        do {
            _ = try SeriesSelector(text)
            Issue.record("accepted")
        } catch {
            #expect(error.message == message)
        }
    }

    @Test func `what selectors try is bounded, and the response says so`() async throws {
        let weir = try WorkersHarness(adopting: .any, selectorSteps: 1000)
        let labels = #"{"z":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}"#
        try await weir.report("w", WorkersHarness.gauge("m", "1", labels: labels))
        // Each character that it takes adds four steps to those that it tries for the next one.
        for (pattern, status) in [("%28.*a%29%7B240%7Db", 422), ("a%2B", 200)] {
            let answer = try await weir.get("/api/metrics/prometheus?match[]=%7Bz%3D~%22\(pattern)%22%7D")
            #expect(answer.status == status, "\(answer.text)")
            #expect(answer.text.contains("WEIR_EXPORT_SELECTOR_STEPS") == (status == 422))
        }
    }
}
