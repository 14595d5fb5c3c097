import Core
import Testing

@Suite struct `JSON validation` {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "12", "-1.5", "1e5", "1E+5", "1.25e-10", "\"\"", "\"a\"", "[]",
        "{}", "[[]]",
        "[{}]", "{\"a\":{}}", " \t\r\n[ 1 , 2 ] \n", "{ \"a\" : 1 , \"a\" : 2 }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"",
        "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"é€😀\"", "\"\u{7f}\"", "\"12345678901234567890\"",
        "[\"\",\"abcdefgh\"]",
    ])
    func `accepts the grammar of the RFC`(text: String) throws {
        let document = try JSONDocument(text: text)
        #expect(String(decoding: document.root.rawBytes, as: UTF8.self) == text.trimmed)
    }

    // The expected words and places are the output of CPython 3.11.
    @Test(arguments: [
        ("", "Expecting value: line 1 column 1 (char 0)"),
        ("  ", "Expecting value: line 1 column 3 (char 2)"),
        ("nul", "Expecting value: line 1 column 1 (char 0)"),
        ("[1,]", "Expecting value: line 1 column 4 (char 3)"),
        ("[", "Expecting value: line 1 column 2 (char 1)"),
        ("[1", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
        ("[1 2]", "Expecting ',' delimiter: line 1 column 4 (char 3)"),
        ("[1}", "Expecting ',' delimiter: line 1 column 3 (char 2)"),
        ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{'a':1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("{\"a\":1,}", "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)"),
        ("{\"a\" 1}", "Expecting ':' delimiter: line 1 column 6 (char 5)"),
        ("{\"a\"", "Expecting ':' delimiter: line 1 column 5 (char 4)"),
        ("{\"a\":", "Expecting value: line 1 column 6 (char 5)"),
        ("{\"a\":1", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
        ("{\"a\":1]", "Expecting ',' delimiter: line 1 column 7 (char 6)"),
        ("1 2", "Extra data: line 1 column 3 (char 2)"),
        ("{}\n{}", "Extra data: line 2 column 1 (char 3)"),
        ("01", "Extra data: line 1 column 2 (char 1)"),
        ("1.", "Extra data: line 1 column 2 (char 1)"),
        ("1e", "Extra data: line 1 column 2 (char 1)"),
        ("1e+", "Extra data: line 1 column 2 (char 1)"),
        ("-", "Expecting value: line 1 column 1 (char 0)"),
        ("+1", "Expecting value: line 1 column 1 (char 0)"),
        (".5", "Expecting value: line 1 column 1 (char 0)"),
        ("\"abc", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("[\"é\", \"abc]", "Unterminated string starting at: line 1 column 7 (char 6)"),
        ("\"abc\\", "Unterminated string starting at: line 1 column 1 (char 0)"),
        ("\"a\nb\"", "Invalid control character at: line 1 column 3 (char 2)"),
        ("\"0123456789\u{1}\"", "Invalid control character at: line 1 column 12 (char 11)"),
        ("\"\\x\"", "Invalid \\escape: line 1 column 2 (char 1)"),
        ("\"é\\x\"", "Invalid \\escape: line 1 column 3 (char 2)"),
        ("\"\\u12\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\u12g4\"", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\u1234", "Invalid \\uXXXX escape: line 1 column 3 (char 2)"),
        ("\"\\ud83d\\uzzzz\"", "Invalid \\uXXXX escape: line 1 column 9 (char 8)"),
        ("[1,\n 2,\n é]", "Expecting value: line 3 column 2 (char 9)"),
        ("[\"é\",\n\"😀\" x]", "Expecting ',' delimiter: line 2 column 5 (char 10)"),
        ("\u{FEFF}[é", "Expecting value: line 1 column 2 (char 1)"),
        ("\u{0B}1", "Expecting value: line 1 column 1 (char 0)"),
    ])
    func `reports faults in the words and places of Python`(text: String, expected: String) {
        let bytes = Array(text.utf8)
        let error = #expect(throws: JSONError.self) { try JSONDocument(bytes) }
        #expect(error?.description(in: bytes) == expected)
        #expect(error?.reason == "not_json")
    }

    // Python takes these; the RFC and PostgreSQL do not.
    @Test(arguments: ["NaN", "Infinity", "-Infinity", "[NaN]"])
    func `refuses what only Python takes for JSON`(text: String) {
        let error = #expect(throws: JSONError.self) { try JSONDocument(text: text) }
        #expect(error == .syntax(.expectingValue, offset: text == "[NaN]" ? 1 : 0))
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xFF],
        ] as [[UInt8]]
    )
    func `refuses ill-formed UTF-8`(sequence: [UInt8]) {
        let inString = Array("[\"ab".utf8) + sequence + Array("\"]".utf8)
        #expect(throws: JSONError.invalidUTF8(offset: 4)) { try JSONDocument(inString) }
        let longer = Array("[\"0123456789é".utf8) + sequence + Array("0123456789\"]".utf8)
        #expect(throws: JSONError.invalidUTF8(offset: 14)) { try JSONDocument(longer) }
        let outside = Array("[1, ".utf8) + sequence + Array("]".utf8)
        #expect(throws: JSONError.invalidUTF8(offset: 4)) { try JSONDocument(outside) }
        let afterAFault = Array("[,  ".utf8) + sequence
        #expect(throws: JSONError.invalidUTF8(offset: 4)) { try JSONDocument(afterAFault) }
    }

    @Test(arguments: [
        "\u{80}", "\u{7FF}", "\u{800}", "\u{D7FF}", "\u{E000}", "\u{FFFF}", "\u{10000}", "\u{10FFFF}",
    ])
    func `accepts the corners of UTF-8 at every alignment`(character: String) throws {
        for padding in 0..<17 {
            let text = String(repeating: "x", count: padding) + character
            #expect(try JSONDocument(text: "\"\(text)\"").root.string == text)
        }
    }

    @Test func `finds each stop byte at every place of a word`() throws {
        for length in 0..<40 {
            let run = String(repeating: "~", count: length)
            #expect(
                try JSONDocument(text: "[\"\(run)\", 1]").root.elements.first { _ in true }?.string == run
            )
            #expect(try JSONDocument(text: "\"\(run)\\n\(run)\"").root.string == "\(run)\n\(run)")
            for stop in ["\u{0}", "\u{1F}"] {
                #expect(throws: JSONError.syntax(.invalidControlCharacter, offset: length + 1)) {
                    try JSONDocument(text: "\"\(run)\(stop)0123456789\"")
                }
            }
        }
    }

    @Test func `skips a byte order mark`() throws {
        let document = try JSONDocument(text: "\u{FEFF} {\"a\": 1}")
        #expect(document.root["a"]?.int64 == 1)
        #expect(document.root.range == 4..<12)
    }

    @Test(arguments: [0, 1, 64, 65, 128, 129, 1000])
    func `balances brackets across the words of its stack`(depth: Int) throws {
        let open = (0..<depth).map { $0.isMultiple(of: 3) ? "{\"a\":" : "[" }
        let close = open.reversed().map { $0 == "[" ? "]" : "}" }
        let text = open.joined() + "1" + close.joined()
        let document = try JSONDocument(text: text, recordedDepth: 2000)
        #expect(document.sawDeepNesting == (depth > 256))
        if let last = close.last {
            let wrong = text.dropLast() + (last == "]" ? "}" : "]")
            #expect(throws: JSONError.syntax(.expectingComma, offset: text.utf8.count - 1)) {
                try JSONDocument(text: String(wrong))
            }
        }
    }

    @Test func `a million levels are no danger`() throws {
        let depth = 1_000_000
        let bytes = [UInt8](repeating: UInt8(ascii: "["), count: depth)
        #expect(throws: JSONError.syntax(.expectingValue, offset: depth)) { try JSONDocument(bytes) }
        let document = try JSONDocument(bytes + [UInt8](repeating: UInt8(ascii: "]"), count: depth))
        #expect(document.flags == .deepNesting)
        let rewritten = JSONStorable.rewrite(document)
        #expect(try JSONDocument(rewritten).isStorable)
        #expect(rewritten.count == 2 * depth + 2)
    }
}

@Suite struct `JSON flags` {
    @Test(
        arguments: [
            ("{\"a\":[1,-2.5e10,\"x\\n\\u00e9\\ud83d\\ude00\"]}", []),
            ("\"\\u0000\"", .nulEscape),
            ("{\"\\u0000\":1}", .nulEscape),
            ("\"\\\\u0000\"", []),
            ("\"\\ud83d\"", .loneSurrogate),
            ("\"\\ude00\"", .loneSurrogate),
            ("\"\\ud83d\\ud83d\\ude00\"", .loneSurrogate),
            ("\"\\ude00\\ud83d\"", .loneSurrogate),
            ("\"\\ud83d \\ude00\"", .loneSurrogate),
            ("\"\\uD83D\\uDE00\\u0000\\uDBFF\"", [.nulEscape, .loneSurrogate]),
            ("1e308", []),
            ("1.0e308", []),
            ("10e307", []),
            ("0.001e311", []),
            ("1e309", .extremeNumber),
            ("2e308", .extremeNumber),
            ("1.01e308", .extremeNumber),
            ("-11e307", .extremeNumber),
            ("0.01e311", .extremeNumber),
            ("1e-308", []),
            ("100e-310", []),
            ("9e-309", .extremeNumber),
            ("0.1e-308", .extremeNumber),
            ("0e309", .extremeNumber),
            ("0.0e-400", .extremeNumber),
            ("0e-5", []),
            ("1e99999999999999999999", .extremeNumber),
            ("[1]\n", .lineBreaksOutsideStrings),
            ("\r[1]", .lineBreaksOutsideStrings),
            ("[\"\\n\"]", []),
        ] as [(String, JSONFlags)]
    )
    func `are noticed`(text: String, flags: JSONFlags) throws {
        let document = try JSONDocument(text: text)
        #expect(document.flags == flags)
        #expect(document.isStorable == flags.isDisjoint(with: .unstorable))
    }

    @Test func `count digits and powers without an exponent`() throws {
        let zeros = String(repeating: "0", count: 308)
        #expect(try !JSONDocument(text: "1" + zeros).sawExtremeNumber)
        #expect(try JSONDocument(text: "2" + zeros).sawExtremeNumber)
        #expect(try JSONDocument(text: "1" + zeros + "0").sawExtremeNumber)
        let nines = String(repeating: "9", count: 399)
        #expect(try !JSONDocument(text: "0." + nines).sawExtremeNumber)
        #expect(try JSONDocument(text: "0.9" + nines).sawExtremeNumber)
    }

    @Test func `are seen below the recorded depth too`() throws {
        let document = try JSONDocument(text: "[[\"\\u0000\",1e400,\"\\ud800\"]]", recordedDepth: 0)
        #expect(document.flags == [.nulEscape, .extremeNumber, .loneSurrogate])
    }
}

extension String {
    fileprivate var trimmed: Substring {
        let blanks = [" ", "\t", "\n", "\r", "\r\n"] as [Character]
        var text = drop(while: blanks.contains)
        while let last = text.last, blanks.contains(last) { text.removeLast() }
        return text
    }
}
