import Ingest
import Testing

@testable import Executions

@Suite("The feature executions")
struct ExecutionsFeatureTests {
    @Test func `loads its stream`() {
        #expect(Feature.executions { _ in NoSurroundings() }.streams.map(\.name) == ["executions"])
    }
}
