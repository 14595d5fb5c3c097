import API
import Core
import HTTP
import Testing

/// Validation issues in the error body under `/api/v2`. Contract beampipe §6.1.
@Suite("Validation issues of the surface under /api/v2")
struct ValidationFailureTests {
    @Test func `issues name their fields`() throws {
        let issues = ValidationIssues([
            ValidationIssue([.name("body"), .name("config"), .name("urls"), .index(2)], .missing),
            ValidationIssue([.name("body"), .name("grace")], .rule("must be a whole number of seconds")),
        ])
        let response = issues.failure.response
        #expect(response.status == .badRequest)
        guard case .bytes(let bytes) = response.body else {
            Issue.record("the body is no bytes")
            return
        }
        let body = try JSONDocument(bytes).root
        #expect(body["error"]?.string == "config.urls[2]: Field required (and 1 more)")
        let diagnostics = try #require(body["failure"]?["diagnostics"]).elements.map { $0["path"]?.string }
        #expect(diagnostics == ["config.urls[2]", "grace"])
    }
}
