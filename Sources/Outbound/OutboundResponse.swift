/// The response of the other server. Redirects are not followed.
package struct OutboundResponse: Sendable {
    /// The status code.
    package var status: Int
    /// Header fields in order, names in lower case; behind them the trailers.
    package var fields: [(name: String, value: String)]
    /// The body.
    package var body: [UInt8]
    /// How many connections were made for it: 0 when a kept one was used. A request that a kept connection no longer
    /// takes is sent again over a new one.
    package var connections = 0

    /// Makes a response.
    package init(
        status: Int,
        fields: [(name: String, value: String)],
        body: [UInt8],
        connections: Int = 0
    ) {
        self.status = status
        self.fields = fields
        self.body = body
        self.connections = connections
    }

    /// The first field with this name, in lower case.
    package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }
}
