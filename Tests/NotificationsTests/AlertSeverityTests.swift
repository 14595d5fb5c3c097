import Notifications
import Testing

@Suite("Severities")
struct AlertSeverityTests {
    @Test func `are ordered from info to critical`() {
        #expect(AlertSeverity.allCases.sorted() == [.info, .warning, .error, .critical])
    }
}
