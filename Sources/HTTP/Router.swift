/// Finds the value registered for a method and a path.
package struct Router<Value: Sendable>: Sendable {
    package enum Resolution: Sendable {
        case matched(Value, parameters: PathParameters, pattern: String)
        /// The path is known, the method is not; `allow` is sorted by name.
        case methodNotAllowed(allow: [Method])
        case notFound
    }

    package init() {}

    /// Registers a value; a pattern registered twice for one method is a fault of the caller.
    package mutating func add(_ method: Method, _ pattern: String, _ value: Value) {}

    package func resolve(_ method: Method, _ path: String) -> Resolution { .notFound }
}
