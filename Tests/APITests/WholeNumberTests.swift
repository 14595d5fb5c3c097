import Testing

@testable import API

@Suite struct `Whole numbers` {
    @Test(arguments: [
        ("5", "5", 5), ("+5", "5", 5), (" 5 ", "5", 5), ("007", "7", 7), ("1_0", "10", 10), ("-3", "-3", -3),
        ("0", "0", 0), ("-0", "0", 0), ("٣", "3", 3), ("\u{A0}12\n", "12", 12),
        ("99999999999999999999", "99999999999999999999", Int64.max),
        ("-99999999999999999999", "-99999999999999999999", Int64.min),
    ])
    func `whole numbers are read as Python reads them`(text: String, shown: String, value: Int64) throws {
        let number = try #require(WholeNumber(reading: text))
        #expect(number.text == shown)
        #expect(number.clamped == value)
    }

    @Test(arguments: [
        "", " ", "abc", "1.5", "1e3", "0x10", "1__0", "_1", "1_", "+", "-", "+-1", "1 0", "½", "²",
        String(repeating: "9", count: 4301),
    ])
    func `everything else is no whole number`(text: String) {
        #expect(WholeNumber(reading: text) == nil)
    }
}
