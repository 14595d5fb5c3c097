import Testing

@testable import Operations
@testable import WeirApp

@Suite struct `Text for people` {
    static let cases: [(text: String, first: String, lines: [String])] = [
        ("", "ok    ", ["ok    "]),
        ("all is well", "", ["all is well"]),
        ("one two three four five", "- ", ["- one two three", "  four five"]),
        ("/a/path/that/is/longer/than/a/line is", "> ", ["> /a/path/that/is/longer/than/a/line", "  is"]),
        ("exactly sixteen", "", ["exactly sixteen"]),
    ]

    @Test(arguments: cases)
    func `is broken at blanks and goes on where it began`(text: String, first: String, lines: [String]) {
        #expect(TextLayout.wrapped(text, first: first, width: 16) == lines)
    }

    @Test func `keeps a finding of the doctor within 80 columns, its advice below it`() {
        let finding = Doctor.Finding(
            .warn,
            "postgresql",
            "cannot be reached: connection to server at 127.0.0.1, port 5432 failed: Connection refused",
            advice: "Weir starts without it and keeps events in the journal; rows come when it is there"
        )
        #expect(
            finding.lines == [
                "warn  postgresql   cannot be reached: connection to server at 127.0.0.1, port",
                "                   5432 failed: Connection refused",
                "      -> Weir starts without it and keeps events in the journal; rows come when",
                "         it is there",
            ]
        )
    }
}
