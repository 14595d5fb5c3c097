internal import Core
internal import Outbound

/// E-mail. Contract beampipe §4.4, D21; pipelogiq §6.10.
extension Attempt {
    func email() async -> SendOutcome {
        guard let host = configuration.text("smtp_host") else {
            return .refused(status: nil, why: "there is no smtp_host")
        }
        let from = configuration.text("from") ?? "weir@localhost"
        let recipients = configuration.texts("to")
        let message = MailMessage(notification, from: from, to: recipients, at: options.clock())
        var mail = OutboundMail(
            host: host,
            port: port,
            security: security,
            from: from,
            to: recipients,
            message: message.bytes
        )
        mail.hello = options.hello
        if let user = configuration.text("user"), let password = configuration.text("password") {
            mail.credentials = (user, password)
        }
        mail.allowsPlainPassword = configuration.config["plain_auth"]?.bool ?? false
        mail.stepTimeout = options.attemptTimeout
        mail.timeout = options.attemptTimeout * 3
        do throws(MailError) {
            return Self.outcome(try await sender.mail.send(mail))
        } catch {
            return Self.outcome(of: error)
        }
    }

    var port: Int { configuration.config["port"]?.integer ?? 587 }

    /// 465 is TLS from the first byte, 25 has none, any other port demands STARTTLS; `tls` says otherwise. D21.
    var security: OutboundMail.Security {
        switch configuration.text("tls") {
        case "starttls": .startTLS
        case "tls": .implicit
        case "none": .none
        default: port == 465 ? .implicit : .startTLS
        }
    }

    private static func outcome(_ receipt: MailReceipt) -> SendOutcome {
        let refused = receipt.refused.map { "not taken: \($0.address): \($0.reply)" }
        return .sent(status: receipt.status, note: refused.isEmpty ? nil : refused.joined(separator: "; "))
    }

    private static func outcome(of error: MailError) -> SendOutcome {
        switch error {
        case .reply(let code, let text, let step):
            let why = "SMTP \(code) after \(step): \(Cut.text(text, to: .utf16(300)))"
            return (400..<500).contains(code)
                ? .again(status: code, after: nil, why: why) : .refused(status: code, why: why)
        case .recipients(let refused):
            let why = refused.map { "\($0.address): \($0.reply)" }.joined(separator: "; ")
            let again = refused.first { (400..<500).contains($0.code) }
            return again.map { .again(status: $0.code, after: nil, why: why) }
                ?? .refused(status: refused.first?.code, why: why)
        case .transport(let error):
            switch error {
            case .badURL, .badField, .forbidden: return .refused(status: nil, why: error.description)
            default: return .again(status: nil, after: nil, why: error.cause)
            }
        case .noTLS, .plainPassword, .badAddress: return .refused(status: nil, why: error.description)
        }
    }
}
