package import AlertsClient
import Outbound

/// The connection of `weir alerts` to a server.
package struct RemoteAlertsTransport: AlertsTransport {
    private let server: RemoteServer

    /// Wraps a server. A test of a channel is answered when its receiver has answered, so the timeout should be long.
    package init(_ server: RemoteServer) {
        self.server = server
    }

    package var origin: String { server.origin }

    package func ask(_ method: String, _ path: String, _ body: [UInt8]?) throws(AlertsFailure) -> AlertsAnswer
    {
        do throws(OutboundError) {
            let answer = try server.ask(method, path, body)
            return AlertsAnswer(
                status: answer.status,
                body: answer.body,
                nextCursor: answer.field("x-next-cursor")
            )
        } catch {
            throw AlertsFailure("no answer from \(server.origin): \(error)")
        }
    }
}
