import Core
import Outbound
import Testing

@testable import Notifications

/// The notification of contract pipelogiq §6.4, with the numbers of its examples.
func stageFailed(_ dialect: AlertNotification.Dialect = .pipelogiq) -> AlertNotification {
    var notification = AlertNotification(
        id: UUID128("0198a3b4-0000-4000-8000-000000000001")!,
        incident: "pipelogiq/stage_failed/12:34",
        state: .firing,
        event: "stage_failed",
        severity: .error,
        title: "Stage failed",
        text: "Pipeline 12 stage 34 failed (charge-card)",
        at: Timestamp(iso8601: "2026-02-16T12:00:00Z")!,
        startedAt: Timestamp(iso8601: "2026-02-16T12:00:00Z")!
    )
    notification.dialect = dialect
    return notification
}

extension AlertNotification {
    /// The same incident when it is over.
    var resolved: AlertNotification {
        var notification = self
        notification.state = .resolved
        notification.title = "Stage recovered"
        notification.at = Timestamp(iso8601: "2026-02-16T12:30:00Z")!
        return notification
    }

    func with(_ change: (inout AlertNotification) -> Void) -> AlertNotification {
        var changed = self
        change(&changed)
        return changed
    }
}

/// A sender that may call this machine, with its clock at 2026-02-16T12:00:05Z.
func sender(_ change: (inout ChannelSender.Options) -> Void = { _ in }) -> ChannelSender {
    var options = ChannelSender.Options()
    options.policy = .alerting(allowsPrivate: true)
    options.clock = { Timestamp(iso8601: "2026-02-16T12:00:05Z")! }
    change(&options)
    return ChannelSender(options)
}

func channel(_ kind: ChannelKind, _ config: JSONValue) -> ChannelConfiguration {
    ChannelConfiguration(kind: kind, config: config)
}

/// Parses a literal, to compare a body with it member by member, in order.
func json(_ text: String) throws -> JSONValue { JSONValue(try JSONDocument(text: text).root) }

func json(_ bytes: [UInt8]) throws -> JSONValue { JSONValue(try JSONDocument(bytes).root) }

extension SendOutcome {
    var why: String {
        switch self {
        case .sent(_, let note): note ?? ""
        case .again(_, _, let why), .refused(_, let why), .gone(_, let why): why
        }
    }

    var isAgain: Bool { if case .again = self { true } else { false } }
    var isSent: Bool { if case .sent = self { true } else { false } }
    var isRefused: Bool { if case .refused = self { true } else { false } }
    var isGone: Bool { if case .gone = self { true } else { false } }
}
