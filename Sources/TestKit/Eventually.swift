/// The condition did not become true within a minute.
package struct NeverCame: Error {}

/// Waits until a condition is true, for a minute at most, however busy the machine is.
///
/// - Throws: `NeverCame`, and the errors of the condition.
package func eventually(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(60)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverCame() }
        // Other tasks need the processor to make it true.
        try await Task.sleep(for: .milliseconds(5))
    }
}
