import HTTPServer
package import Import

/// How `weir import` reaches a server by plain HTTP, over one kept connection.
package final class PlainImportTransport: ImportTransport {
    private let target: SimulatorTarget
    private let token: String?
    private let timeoutSeconds: Int
    private var connection: PlainClient?

    /// Takes `http://host[:port][/prefix]`, such as `http://h:8000/ingest/<token>`; nil for any other URL, and for a
    /// token that cannot stand in a header.
    ///
    /// A batch is answered when it is in the database, so the timeout should be long.
    package init?(url: String, token: String?, timeoutSeconds: Int = 120) {
        guard let target = SimulatorTarget(url), !target.path.contains("?") else { return nil }
        if let token, token.isEmpty || !token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) { return nil }
        self.target = target
        self.token = token
        self.timeoutSeconds = timeoutSeconds
    }

    /// Posts once, and once more when a kept connection turns out to be dead.
    package func post(_ path: String, _ body: [UInt8]) throws(TransportFailure) -> ImportAnswer {
        let request = head(path, length: body.count) + body
        let wasOpen = connection != nil
        do {
            return try exchange(request)
        } catch PlainClientError.closedBeforeAnswer where wasOpen {
            return try describingFailure { try exchange(request) }
        } catch {
            throw failure(error)
        }
    }

    private func describingFailure<Value>(_ body: () throws -> Value) throws(TransportFailure) -> Value {
        do {
            return try body()
        } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> TransportFailure {
        TransportFailure("no answer from \(target.authority): \(error)")
    }

    private func exchange(_ request: [UInt8]) throws(PlainClientError) -> ImportAnswer {
        let client: PlainClient
        if let connection {
            client = connection
        } else {
            client = try PlainClient(target.endpoint, timeoutSeconds: timeoutSeconds)
        }
        connection = nil
        let answer = try client.exchange(request)
        if answer.isKept { connection = client }
        return ImportAnswer(
            status: answer.status,
            retryAfterSeconds: answer.retryAfterSeconds,
            body: answer.body
        )
    }

    private func head(_ path: String, length: Int) -> [UInt8] {
        let prefix = target.path.hasSuffix("/") ? String(target.path.dropLast()) : target.path
        var text = "POST \(prefix)\(path) HTTP/1.1\r\nHost: \(target.authority)\r\n"
        text += "Content-Type: application/json\r\nUser-Agent: weir-import/\(BuildInfo.version)\r\n"
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        text += "Connection: keep-alive\r\nContent-Length: \(length)\r\n\r\n"
        return Array(text.utf8)
    }
}
