internal import Core
internal import Notifications

/// A channel as it is stored: the secrets in its configuration are sealed.
struct StoredChannel: Sendable {
    var id: UUID128
    var name: String
    var kind: ChannelKind
    /// A JSON object.
    var config: [UInt8]
    var isEnabled: Bool
    /// Why Weir has disabled it.
    var disabledReason: String?
    /// Who owns it: `api`, `file`, `observability`.
    var origin: String
    var createdAt: Timestamp
    var updatedAt: Timestamp?
}
