import Testing

/// Waits for what must come within a minute, and records an issue when it has not.
func eventually(_ condition: () throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try !condition() {
        guard ContinuousClock.now < end else {
            Issue.record("not within a minute")
            return
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
