import Ingest
import Testing

@testable import Provenance

@Suite("The feature provenance")
struct ProvenanceFeatureTests {
    @Test func `has its name`() {
        #expect(Feature.provenance.name == "provenance")
    }
}
