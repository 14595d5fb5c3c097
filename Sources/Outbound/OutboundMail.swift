/// A message for a mail server. RFC 5321.
package struct OutboundMail: Sendable {
    /// How the connection is protected.
    package enum Security: Sendable {
        /// Not at all.
        case none
        /// By STARTTLS, which the server has to offer. RFC 3207.
        case startTLS
        /// From the first byte. RFC 8314 §3.
        case implicit
    }

    /// A host name or an address.
    package var host: String
    package var port: Int
    package var security: Security
    /// The name in EHLO.
    package var hello = "localhost"
    /// The addresses of the envelope, without brackets.
    package var from: String
    package var to: [String]
    /// The message with its header fields, with CRLF at the ends of its lines, without the dots that the client adds.
    package var message: [UInt8]
    /// The name and password for AUTH PLAIN or AUTH LOGIN.
    package var credentials: (user: String, password: String)?
    /// Whether a password may go over a connection without TLS.
    package var allowsPlainPassword = false
    /// The timeout of connecting, and of each reply.
    package var stepTimeout: Duration = .seconds(10)
    /// The timeout of the whole.
    package var timeout: Duration = .seconds(30)

    /// Makes a message for a server.
    package init(
        host: String,
        port: Int,
        security: Security,
        from: String,
        to: [String],
        message: [UInt8]
    ) {
        self.host = host
        self.port = port
        self.security = security
        self.from = from
        self.to = to
        self.message = message
    }
}

/// The server took the message, for one recipient at least.
package struct MailReceipt: Sendable {
    /// The code of the reply to the message: 250.
    package let status: Int
    /// Whom it didn't take it for.
    package let refused: [RefusedRecipient]
}

/// The reply to RCPT for a recipient whom the server doesn't take.
package struct RefusedRecipient: Hashable, Sendable {
    package let address: String
    /// 400 to 599.
    package let code: Int
    /// The last line of the reply with its code: `550 no such user`.
    package let reply: String
}

/// Why a message was not taken.
package enum MailError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A reply of 4yz, which may be another one later, or of 5yz; and the command that it is for, such as `AUTH`.
    case reply(code: Int, text: String, step: String)
    /// The server takes it for none of the recipients.
    case recipients([RefusedRecipient])
    /// The server doesn't offer STARTTLS.
    case noTLS
    /// There is a password, and no TLS to protect it.
    case plainPassword
    /// An address could end the command that it stands in.
    case badAddress
    /// There was no connection, or it ended.
    case transport(OutboundError)

    package var description: String {
        switch self {
        case .reply(let code, let text, let step): "\(code) after \(step): \(text)"
        case .recipients(let refused): refused.map(\.reply).joined(separator: "; ")
        case .noTLS: "the mail server offers no STARTTLS: set tls to none if that is meant"
        case .plainPassword: "a password is not sent without TLS: set tls to starttls or tls"
        case .badAddress: "an address has blanks, brackets or line breaks in it"
        case .transport(let error): error.description
        }
    }
}
