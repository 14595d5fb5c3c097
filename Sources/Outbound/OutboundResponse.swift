/// What the other server said. Redirects are answers like any other: nobody follows them.
package struct OutboundResponse: Sendable {
    /// The status code.
    package var status: Int
    /// Header fields in order, names in lower case.
    package var fields: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]
    /// How many connections were made for it: 0 when it came over one that was kept. What a kept one no longer took was
    /// sent once more, over a new one.
    package var connections = 0

    /// The first field of a name that is given in lower case.
    package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
