import Core
import Testing

@Suite struct `JSON writer` {
    @Test func `puts commas where they belong`() throws {
        var writer = JSONWriter()
        writer.object { object in
            object.member("a", 1)
            object.member("b", nil as String?)
            object.object("c") { _ in }
            object.array("d") { list in
                list.value("x")
                list.array { $0.value(true) }
                list.object { $0.member("y", 2.0) }
                list.null()
            }
            object.member("e", raw: Array("[1, 2]".utf8))
            object.null("f")
        }
        #expect(
            writer.text == #"{"a":1,"b":null,"c":{},"d":["x",[true],{"y":2.0},null],"e":[1, 2],"f":null}"#
        )
        #expect(throws: Never.self) { try JSONDocument(writer.bytes) }
        writer.removeAll()
        writer.value(7)
        #expect(writer.text == "7")
    }

    @Test func `writes times and identifiers`() throws {
        let uuid = try #require(UUID128("3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa"))
        var writer = JSONWriter()
        writer.array { list in
            list.value(Timestamp.epoch)
            list.value(Timestamp.epoch, offset: .z)
            list.value(nil as Timestamp?)
            list.value(uuid)
        }
        #expect(
            writer.text == #"""
                ["1970-01-01T00:00:00.000000+00:00","1970-01-01T00:00:00.000000Z",null,
                """#.filter { $0 != "\n" } + #""3f0c2f1e-8a54-4d0b-9a63-5b8d1c7f42aa"]"#
        )
    }

    @Test(arguments: [
        ("", #""""#), ("plain é😀", #""plain é😀""#), ("\"\\/", #""\"\\/""#),
        ("\u{8}\t\n\u{C}\r", #""\b\t\n\f\r""#), ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""),
    ])
    func `escapes as little as possible`(string: String, expected: String) throws {
        var writer = JSONWriter()
        writer.value(string)
        #expect(writer.text == expected)
        #expect(try JSONDocument(writer.bytes).root.string == string)
    }

    @Test(arguments: [
        (0, "0"), (-1, "-1"), (Int64.max, "9223372036854775807"), (Int64.min, "-9223372036854775808"),
    ])
    func `writes integers`(number: Int64, expected: String) {
        var writer = JSONWriter()
        writer.value(number)
        #expect(writer.text == expected)
    }

    // The expected texts are Python's `repr`.
    @Test(
        arguments: [
            (40, "40.0"), (19.98, "19.98"), (0, "0.0"), (-0.0, "-0.0"), (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"), (0.00001, "1e-05"), (1.5e-7, "1.5e-07"), (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998, "9999999999999998.0"), (1e16, "1e+16"),
            (12_345_678_901_234_568, "1.2345678901234568e+16"),
            (-18_014_398_509_481_984, "-1.8014398509481984e+16"), (1e22, "1e+22"), (1.5e300, "1.5e+300"),
            (.leastNonzeroMagnitude, "5e-324"), (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
            (123_456.789, "123456.789"),
        ] as [(Double, String)]
    )
    func `writes floats as Python does`(number: Double, expected: String) {
        #expect(FloatText.python(number) == expected)
        var writer = JSONWriter()
        writer.value(number)
        #expect(writer.text == expected)
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity])
    func `writes null for what JSON has no number for`(number: Double) {
        var writer = JSONWriter()
        writer.value(number)
        #expect(writer.text == "null")
    }
}
