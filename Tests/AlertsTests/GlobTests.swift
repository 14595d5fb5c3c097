import Testing

@testable import Alerts

@Suite("Patterns of scopes")
struct GlobTests {
    @Test(
        "match whole texts",
        arguments: [
            ("ALIGN", "ALIGN", true), ("ALIGN", "ALIGN2", false), ("AL*", "ALIGN", true),
            ("*GN", "ALIGN", true),
            ("A*G*", "ALIGN", true), ("A*X*", "ALIGN", false), ("*", "", true), ("a*a", "a", false),
            ("**", "x", true), ("", "", true), ("", "x", false),
        ]
    )
    func match(_ pattern: String, _ text: String, _ expected: Bool) {
        #expect(Glob(pattern).matches(text) == expected)
    }
}
