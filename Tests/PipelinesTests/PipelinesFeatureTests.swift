import Ingest
import Testing

@testable import Pipelines

@Suite("The feature pipelines")
struct PipelinesFeatureTests {
    @Test func `has its name`() {
        #expect(Feature.pipelines.name == "pipelines")
    }
}
