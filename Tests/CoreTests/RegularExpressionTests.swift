import Core
import Testing

@Suite("Regular expressions of whole values")
struct RegularExpressionTests {
    @Test(
        arguments: [
            ("", ["": true, "a": false]),
            ("a.c", ["abc": true, "a\nc": false, "aöc": true, "ac": false, "xabc": false]),
            ("a*", ["": true, "aaa": true, "ab": false]),
            ("(ab)+?", ["": false, "abab": true, "aba": false]),
            ("a{2,3}", ["a": false, "aa": true, "aaa": true, "aaaa": false]),
            ("a{2,}", ["a": false, "aaaaa": true]),
            ("a{2}", ["aa": true, "aaa": false]),
            ("a{x}", ["a{x}": true]),
            ("^(?:foo|ba[rz])$", ["foo": true, "bar": true, "baz": true, "bat": false]),
            (#"\d+\.\w"#, ["12.x": true, "12xx": false]),
            (#"[^a-c\d]"#, ["d": true, "a": false, "5": false]),
            ("[]x]", ["]": true, "x": true]),
            (#"a\$"#, ["a$": true]),
            ("a|", ["a": true, "": true]),
            ("[z0-9a-f5x]", ["5": true, "b": true, "z": true, "x": true, "g": false, "y": false]),
            ("((((){1000}){1000}){1000}){1000}", ["": true, "a": false]),
            ("(x{0}){1000}y", ["y": true, "xy": false]),
            ("(a|b|)(c)?", ["": true, "ac": true, "bc": true, "cc": false]),
        ] as [(String, [String: Bool])]
    )
    func `match whole values`(pattern: String, values: [String: Bool]) throws {
        let pattern = try RegularExpression(Array(pattern.utf8))
        var work = Int.max
        for (value, expected) in values {
            #expect(pattern.matches(Array(value.utf8), &work) == expected, "\(value)")
        }
    }

    @Test func `never take exponential time`() throws {
        let pattern = try RegularExpression(Array("(a*)*(a|aa)*(a?){20}b".utf8))
        var work = Int.max
        #expect(!pattern.matches(Array(repeating: UInt8(ascii: "a"), count: 4096), &work))
    }

    @Test func `stop when their work is used up, and match nothing then`() throws {
        let pattern = try RegularExpression(Array("(.*a){50}".utf8))
        var work = 500
        #expect(!pattern.matches(Array(repeating: UInt8(ascii: "a"), count: 200), &work))
        #expect(work <= 0)
    }

    @Test func `say what is wrong with them`() throws {
        let error = #expect(throws: RegularExpression.SyntaxError.self) {
            try RegularExpression(Array("(a".utf8))
        }
        #expect(error?.message == "a `(` in the pattern has no `)`")
    }
}
