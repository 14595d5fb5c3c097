import Testing

@testable import OpenTelemetry

/// Which of the contexts of a request counts. Contract pipelogiq §3.2.
@Suite("A sent trace")
struct SentTraceTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let other = "0af7651916cd43dd8448eb211c80319c"
    private static let first = "00-\(trace)-00f067aa0ba902b7-01"
    private static let second = "00-\(trace)-b7ad6b7169203331-00"
    private static let foreign = "00-\(other)-b7ad6b7169203331-01"

    /// What a request has.
    struct Given: Sendable, CustomTestStringConvertible {
        var fields: [String] = []
        var fieldStates: [String] = []
        var header: [String] = []
        var states: [String] = []

        var testDescription: String { "\(fields) \(fieldStates) \(header) \(states)" }
    }

    @Test(
        arguments: [
            (Given(), nil, nil, 0),
            (Given(states: ["a=1"]), nil, nil, 0),
            (Given(header: [first], states: ["a=1", "b=2"]), first, "a=1,b=2", 0),
            // The body goes before the header, and brings its own state or that of the same trace.
            (Given(fields: [first], header: [foreign], states: ["a=1"]), first, nil, 0),
            (Given(fields: [first], header: [second], states: ["a=1"]), first, "a=1", 0),
            (
                Given(fields: [first], fieldStates: ["b=2"], header: [second], states: ["a=1"]), first, "b=2",
                0
            ),
            // What is malformed counts as absent.
            (Given(fields: ["", first], header: [foreign]), first, nil, 1),
            (Given(fields: ["nonsense"], header: [foreign], states: ["a=1"]), foreign, "a=1", 1),
            (Given(fields: ["nonsense"], fieldStates: ["a=1"]), nil, nil, 1),
            (Given(header: [first, first], states: ["a=1"]), nil, nil, 1),
            (Given(header: [first], states: ["no member"]), first, nil, 1),
            (Given(header: [first], states: ["", " "]), first, nil, 0),
            (Given(fields: [first], fieldStates: ["="], header: [first], states: ["a=1"]), first, nil, 1),
        ] as [(Given, String?, String?, Int)]
    )
    func `is the first that is well formed`(given: Given, parent: String?, state: String?, malformed: Int) {
        let sent = SentTrace(
            fields: given.fields,
            fieldStates: given.fieldStates,
            header: given.header,
            states: given.states
        )
        #expect(sent.context?.parent.description == parent)
        #expect(sent.context?.state?.header == state)
        #expect(sent.malformed == malformed)
    }
}
