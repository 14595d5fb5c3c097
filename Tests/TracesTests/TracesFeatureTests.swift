import Ingest
import Testing

@testable import Traces

@Suite("The feature traces")
struct TracesFeatureTests {
    @Test func `has its name`() {
        #expect(Feature.traces.name == "traces")
    }
}
