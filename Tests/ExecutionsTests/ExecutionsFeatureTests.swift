import Ingest
import Testing

@testable import Executions

@Suite("The feature executions")
struct ExecutionsFeatureTests {
    @Test func `has its name`() {
        #expect(Feature.executions.name == "executions")
    }
}
