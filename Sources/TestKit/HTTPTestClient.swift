/// A field's name and value.
package typealias RawField = (name: String, value: String)

/// Sends ordinary requests in a test, each over its own connection.
package struct HTTPTestClient: Sendable {
    /// The address of the server.
    package var address: RawAddress
    /// Sent with every request.
    package var fields: [RawField]
    /// The timeout of receiving, in seconds.
    package var receiveTimeout: Int

    /// Makes a client; nothing is connected before the first request.
    package init(
        _ address: RawAddress,
        fields: [RawField] = [],
        receiveTimeout: Int = 60
    ) {
        self.address = address
        self.fields = fields
        self.receiveTimeout = receiveTimeout
    }

    /// Sends a GET.
    package func get(_ target: String, fields: [RawField] = []) throws(RawClientError) -> RawResponse {
        try send("GET", target, fields: fields)
    }

    /// Sends a DELETE.
    package func delete(
        _ target: String,
        fields: [RawField] = []
    ) throws(RawClientError) -> RawResponse {
        try send("DELETE", target, fields: fields)
    }

    /// Sends a POST with a JSON body.
    package func post(
        _ target: String,
        json: String,
        fields: [RawField] = []
    ) throws(RawClientError) -> RawResponse {
        let all = [("Content-Type", "application/json")] + fields
        return try send("POST", target, fields: all, body: Array(json.utf8))
    }

    /// Sends any request and reads the final response; the connection is closed afterwards.
    ///
    /// `Content-Length` is sent when there is a body, unless `fields` already frame it.
    package func send(
        _ method: String,
        _ target: String,
        fields extra: [RawField] = [],
        body: [UInt8]? = nil
    ) throws(RawClientError) -> RawResponse {
        let client = try RawClient(address, receiveTimeout: receiveTimeout)
        let all = fields + extra
        var head = "\(method) \(target) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n"
        for field in all { head += "\(field.name): \(field.value)\r\n" }
        let isFramed = all.contains {
            ["content-length", "transfer-encoding"].contains($0.name.lowercased())
        }
        if let body, !isFramed { head += "Content-Length: \(body.count)\r\n" }
        try client.send(Array((head + "\r\n").utf8) + (body ?? []))
        while true {
            let response = try client.readResponse(toHead: method == "HEAD")
            if response.status >= 200 { return response }
        }
    }
}
