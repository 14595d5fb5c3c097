/// What was waited for did not come within a minute.
package struct NeverCame: Error {}

/// Waits for what must come within a minute, whatever the machine is busy with.
///
/// - Throws: `NeverCame`, and what the condition throws.
package func eventually(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverCame() }
        // Others need the processor to bring it about.
        try await Task.sleep(for: .milliseconds(5))
    }
}
