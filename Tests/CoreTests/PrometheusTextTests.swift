import Core
import Testing

@Suite struct PrometheusTextTests {
    private func entries(_ text: String, _ limits: PrometheusTextLimits = PrometheusTextLimits()) throws
        -> [PrometheusTextEntry]
    {
        var reader = PrometheusTextReader(Array(text.utf8), limits: limits)
        var entries: [PrometheusTextEntry] = []
        while let entry = try reader.next() { entries.append(entry) }
        return entries
    }

    private func fault(_ bytes: [UInt8], _ limits: PrometheusTextLimits = PrometheusTextLimits()) -> String? {
        do {
            _ = try PrometheusFamily.all(in: bytes, limits: limits)
            return nil
        } catch {
            return error.description
        }
    }

    @Test(arguments: [
        ("a 1\n", PrometheusSample("a", value: 1)),
        ("a:b_9 +1.5e3\n", PrometheusSample("a:b_9", value: 1500)),
        ("a{} .5\n", PrometheusSample("a", value: 0.5)),
        ("a{x=\"1\"}5.\n", PrometheusSample("a", [PrometheusLabel("x", "1")], value: 5)),
        (
            " \ta \t{ x\t= \"1\" , y=\"\" , } -0 -12\t\n",
            PrometheusSample(
                "a",
                [PrometheusLabel("x", "1"), PrometheusLabel("y", "")],
                value: -0.0,
                at: -12
            )
        ),
        (
            "a{x=\"q\\\"b\\\\n\\n}, ü\"} +Inf 1395066363000\n",
            PrometheusSample(
                "a",
                [PrometheusLabel("x", "q\"b\\n\n}, ü")],
                value: .infinity,
                at: 1_395_066_363_000
            )
        ),
        ("a -inf\n", PrometheusSample("a", value: -.infinity)),
        ("a INFINITY\n", PrometheusSample("a", value: .infinity)),
        ("a 12345678901234567168\n", PrometheusSample("a", value: 12_345_678_901_234_567_168)),
        ("a 5e-324\n", PrometheusSample("a", value: .leastNonzeroMagnitude)),
    ])
    func `reads a sample`(text: String, expected: PrometheusSample) throws {
        #expect(try entries(text) == [.sample(expected)])
    }

    @Test func `reads a value that is not a number`() throws {
        for word in ["NaN", "nan", "NAN"] {
            let entry = try entries("a \(word)\n").first
            guard case .sample(let sample) = entry else {
                Issue.record("no sample")
                continue
            }
            #expect(sample.value.isNaN)
        }
    }

    @Test func `reads help and type, and passes over comments and empty lines`() throws {
        let text = """
            # a comment
            #HELP a  the help \\\\ of\\n"a"\u{20}
            # \t TYPE \t a \t Counter
            # HELP b
            # TYPE b
            # HELP
            #
            # EOF
            \t

            """
        #expect(
            try entries(text) == [
                .help(metric: "a", text: "the help \\ of\n\"a\" "), .type(metric: "a", .counter),
                .help(metric: "b", text: ""),
            ]
        )
    }

    @Test(arguments: [
        ("a 1", "line 1, column 4: the last line does not end with a line feed"),
        ("a 1\na 2\r\n", "line 2, column 5: there is a carriage return; lines end with a line feed alone"),
        (
            "1a 1\n",
            "line 1, column 1: a metric's name begins with a letter, '_' or ':', and goes on with these or digits"
        ),
        (
            "ä 1\n",
            "line 1, column 1: a metric's name begins with a letter, '_' or ':', and goes on with these or digits"
        ),
        (
            "{x=\"1\"} 1\n",
            "line 1, column 1: a metric's name begins with a letter, '_' or ':', and goes on with these or digits"
        ),
        ("a-b 1\n", "line 1, column 4: the value is not a number"),
        ("a\n", "line 1, column 2: the value is missing"),
        ("a{x=\"1\"}\n", "line 1, column 9: the value is missing"),
        ("a one\n", "line 1, column 6: the value is not a number"),
        ("a 0x1p3\n", "line 1, column 8: the value is not a number"),
        ("a 1_000\n", "line 1, column 8: the value is not a number"),
        ("a 1e999\n", "line 1, column 8: the value is not a number"),
        ("a 1 1.5\n", "line 1, column 8: the timestamp is not a whole number of milliseconds"),
        (
            "a 1 99999999999999999999\n",
            "line 1, column 25: the timestamp is not a whole number of milliseconds"
        ),
        ("a 1 2 3\n", "line 1, column 7: there is something after the sample"),
        ("a{x=\"1\"\n", "line 1, column 8: ',' or '}' is missing after the label"),
        ("a{x=\"1\" y=\"2\"} 1\n", "line 1, column 9: ',' or '}' is missing after the label"),
        (
            "a{,} 1\n",
            "line 1, column 3: a label's name begins with a letter or '_', and goes on with these or digits"
        ),
        ("a{x:y=\"1\"} 1\n", "line 1, column 4: '=' is missing after the label's name"),
        ("a{x=1} 1\n", "line 1, column 5: the label's value does not begin with '\"'"),
        ("a{x=\"1} 1\n", "line 1, column 10: the label's value does not end with '\"'"),
        (
            "a{x=\"\\t\"} 1\n",
            "line 1, column 7: a backslash is followed by '\\', 'n' or, in a label's value, '\"'"
        ),
        ("a{x=\"\\", "line 1, column 7: the last line does not end with a line feed"),
        ("a{x=\"1\",x=\"2\"} 1\n", "line 1, column 14: this sample has the label twice"),
        ("a{__name__=\"1\"} 1\n", "line 1, column 11: the label '__name__' is reserved"),
        ("a{x=\"\0\"} 1\n", "line 1, column 6: there is a NUL"),
        (
            "# HELP a \\q\n",
            "line 1, column 11: a backslash is followed by '\\', 'n' or, in a label's value, '\"'"
        ),
        (
            "# TYPE a timer\n",
            "line 1, column 10: the type is not counter, gauge, histogram, summary or untyped"
        ),
        ("# HELP a x\n# HELP a x\n", "line 2, column 11: the metric has a second HELP line"),
        ("# TYPE a gauge\n# TYPE a gauge\n", "line 2, column 10: the metric has a second TYPE line"),
        ("a 1\n# TYPE a gauge\n", "line 2, column 10: the TYPE line comes after a sample of the metric"),
    ])
    func `says what is wrong, and where`(text: String, expected: String) {
        #expect(fault(Array(text.utf8)) == expected)
    }

    @Test func `refuses bytes that are not UTF-8`() {
        let text = Array("a{x=\"".utf8) + [0xC3] + Array("\"} 1\n".utf8)
        #expect(fault(text) == "line 1, column 7: the text is not UTF-8")
        #expect(fault(Array("# HELP a ".utf8) + [0xFF, 0x0A]) == "line 1, column 11: the text is not UTF-8")
    }

    @Test func `keeps within its limits`() {
        let limits = PrometheusTextLimits(lineBytes: 30, nameBytes: 4, valueBytes: 5, labels: 2, samples: 2)
        func fault(_ text: String) -> String? { self.fault(Array(text.utf8), limits) }
        #expect(fault("abcd{x=\"12345\",y=\"\"} 1\nb 2\n") == nil)
        #expect(fault("abcde 1\n") == "line 1, column 6: the name has more than 4 bytes")
        #expect(fault("a{x=\"123456\"} 1\n") == "line 1, column 12: the text has more than 5 bytes")
        #expect(fault("# HELP a 123456\n") == "line 1, column 16: the text has more than 5 bytes")
        #expect(
            fault("a{x=\"\",y=\"\",z=\"\"} 1\n") == "line 1, column 17: the sample has more than 2 labels"
        )
        #expect(fault("a 1\na 1\na 1\n") == "line 3, column 4: there are more than 2 samples")
        #expect(
            fault("# \(String(repeating: "x", count: 29))\n")
                == "line 1, column 1: the line has more than 30 bytes"
        )
    }

    @Test func `goes on after a line with an error`() throws {
        var reader = PrometheusTextReader(Array("a 1\nb one\nc 3\nd".utf8))
        #expect(try reader.next() == .sample(PrometheusSample("a", value: 1)))
        #expect(throws: PrometheusTextError(line: 2, column: 6, .badNumber)) { try reader.next() }
        #expect(try reader.next() == .sample(PrometheusSample("c", value: 3)))
        #expect(throws: PrometheusTextError(line: 4, column: 2, .noLineFeed)) { try reader.next() }
        #expect(try reader.next() == nil)
    }

    @Test func `collects families in the order of their names`() throws {
        let text = """
            b 1
            # TYPE h histogram
            # HELP h a histogram
            h_bucket{le="+Inf"} 2
            h_sum 3
            # TYPE s summary
            s{quantile="0.5"} 1
            s_count 1
            s_bucket 9
            b{x="1"} 2
            h_count 2
            # TYPE empty gauge
            c_sum 1

            """
        let families = try PrometheusFamily.all(in: Array(text.utf8))
        #expect(families.map(\.name) == ["b", "h", "s", "s_bucket", "empty", "c_sum"])
        #expect(families.map(\.type) == [.untyped, .histogram, .summary, .untyped, .gauge, .untyped])
        #expect(families[1].help == "a histogram")
        #expect(families[1].samples.map(\.name) == ["h_bucket", "h_sum", "h_count"])
        #expect(families[0].samples.map(\.value) == [1, 2])
    }

    @Test func `reads an empty text`() throws {
        #expect(try entries("").isEmpty)
        #expect(try PrometheusFamily.all(in: []).isEmpty)
    }
}
