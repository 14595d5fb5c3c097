package import Import
import Outbound
import WeirApp

/// The connection of `weir import` to a server.
package final class RemoteImportTransport: ImportTransport {
    private let server: RemoteServer

    /// Wraps a server. A batch is answered once it is in the database, so the timeout should be long.
    package init(_ server: RemoteServer) {
        self.server = server
    }

    /// Posts once.
    package func post(_ path: String, _ body: [UInt8]) throws(TransportFailure) -> ImportAnswer {
        do throws(OutboundError) {
            let answer = try server.ask("POST", path, body)
            let wait = answer.field("retry-after").flatMap { Int($0) }
            return ImportAnswer(status: answer.status, retryAfterSeconds: wait, body: answer.body)
        } catch {
            throw TransportFailure("no answer from \(server.origin): \(error)")
        }
    }
}
