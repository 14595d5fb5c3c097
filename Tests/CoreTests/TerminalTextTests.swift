import Core
import Testing

@Suite struct `Text for terminals` {
    @Test(arguments: [
        ("plain text, ünïcödé and 漢字 👩‍🔬", "plain text, ünïcödé and 漢字 👩‍🔬"),
        ("x\u{1B}]0;pwned\u{07}\u{1B}[31m", #"x\u001b]0;pwned\u0007\u001b[31m"#),
        ("\u{7F}\u{9B}31m\u{85}", #"\u007f\u009b31m\u0085"#),
        ("a\u{202E}b\u{2066}c\u{2069}d\u{200F}e\u{61C}f", #"a\u202eb\u2066c\u2069d\u200fe\u061cf"#),
        ("a\u{2028}b\u{FEFF}", #"a\u2028b\ufeff"#),
        ("a\nb\tc\r\nd", #"a\u000ab\u0009c\u000d\u000ad"#),
        ("a\0b", #"a\u0000b"#),
        ("§ ؀ ‘quoted’ ﬁ", "§ ؀ ‘quoted’ ﬁ"),
    ])
    func `shows what a terminal would obey`(text: String, shown: String) {
        #expect(TerminalText.value(text) == shown)
    }

    @Test func `keeps the lines and tabs of a layout, and nothing else`() {
        #expect(TerminalText.layout("a\n\tb\u{1B}[2J\r\n") == "a\n\tb\\u001b[2J\\u000d\n")
    }

    @Test func `leaves JSON what it means`() throws {
        let json = "{\"name\":\"\u{9B}31m\u{7F}\u{202E}\"}"
        let shown = TerminalText.layout(json)
        #expect(shown == #"{"name":"\u009b31m\u007f\u202e"}"#)
        #expect(try JSONDocument(text: shown).root["name"]?.string == "\u{9B}31m\u{7F}\u{202E}")
    }
}
