internal import CLibcurl

/// Sends mail over libcurl: SMTP with STARTTLS, TLS or neither; never over a proxy. Any thread.
///
/// libcurl blocks, so that every message runs on a thread of its own, of a bounded number.
package final class MailClient: Sendable {
    private let policy: OutboundPolicy
    private let authorities: String?
    private let lanes: BlockingLanes

    /// Makes a client that connects only to what the policy permits; `authorities` is a file with certificates in place
    /// of the system's.
    package init(policy: OutboundPolicy = OutboundPolicy(), parallel: Int = 8, authorities: String? = nil) {
        self.policy = policy
        self.authorities = authorities
        lanes = BlockingLanes(parallel)
    }

    /// Sends a message, each time over a new connection, and waits for the reply to it.
    package func send(_ mail: OutboundMail) async throws(MailError) -> MailReceipt {
        let result: Result<MailReceipt, MailError> = await withCheckedContinuation { continuation in
            lanes.run { [policy, authorities] in
                do throws(MailError) {
                    guard OutboundClient.isReady, let handle = curl_easy_init() else {
                        throw .transport(.failed("libcurl does not start"))
                    }
                    defer { curl_easy_cleanup(handle) }
                    let transfer = MailTransfer(handle, mail, policy, authorities: authorities)
                    continuation.resume(returning: .success(try transfer.run()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
