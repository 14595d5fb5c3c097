internal import CLibcurl
internal import Glibc

/// One message on one handle of libcurl.
final class MailTransfer {
    private let handle: UnsafeMutableRawPointer
    private let mail: OutboundMail
    private let policy: OutboundPolicy
    private let authorities: String?
    private var forbidden: String?
    private var sent = 0
    private var dialogue = MailDialogue()
    private var recipients: UnsafeMutablePointer<curl_slist>?

    init(
        _ handle: UnsafeMutableRawPointer,
        _ mail: OutboundMail,
        _ policy: OutboundPolicy,
        authorities: String?
    ) {
        self.handle = handle
        self.mail = mail
        self.policy = policy
        self.authorities = authorities
    }

    deinit {
        curl_slist_free_all(recipients)
    }

    func run() throws(MailError) -> MailReceipt {
        guard ([mail.from, mail.hello] + mail.to).allSatisfy(Self.isHarmless), !mail.to.isEmpty else {
            throw .badAddress
        }
        guard mail.credentials == nil || mail.security != .none || mail.allowsPlainPassword else {
            throw .plainPassword
        }
        configureConnection()
        configureMessage()
        let code = curl_easy_perform(handle)
        guard code == CURLE_OK else { throw failure(code) }
        return MailReceipt(status: dialogue.lastCode, refused: dialogue.refused)
    }

    /// What cannot end a command of SMTP, nor the address in it.
    private static func isHarmless(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (33...126).contains($0) && $0 != 60 && $0 != 62 }
    }

    // MARK: - Setting up

    private func configureConnection() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let host = mail.host.contains(":") ? "[\(mail.host)]" : mail.host
        let scheme = mail.security == .implicit ? "smtps" : "smtp"
        set(CURLOPT_URL, "\(scheme)://\(host):\(mail.port)/\(mail.hello)")
        weir_curl_set_mail_only(handle)
        set(CURLOPT_PROXY, "")
        weir_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        let step = CurlTransfer.milliseconds(mail.stepTimeout)
        weir_curl_set_long(handle, CURLOPT_TIMEOUT_MS, CurlTransfer.milliseconds(mail.timeout))
        weir_curl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, step)
        // This one is in whole seconds.
        weir_curl_set_long(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, max(1, (step + 999) / 1000))
        if mail.security != .none {
            weir_curl_set_long(handle, CURLOPT_USE_SSL, Int(CURLUSESSL_ALL.rawValue))
        }
        if let authorities { set(CURLOPT_CAINFO, authorities) }
        if let credentials = mail.credentials {
            set(CURLOPT_USERNAME, credentials.user)
            set(CURLOPT_PASSWORD, credentials.password)
            set(CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN;AUTH=LOGIN")
        }
        weir_curl_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context)
        weir_curl_set_open(handle) { context, _, address in
            guard let address else { return curl_socket_t(-1) }
            return MailTransfer.of(context)?.open(address) ?? curl_socket_t(-1)
        }
    }

    private func configureMessage() {
        let context = Unmanaged.passUnretained(self).toOpaque()
        set(CURLOPT_MAIL_FROM, "<\(mail.from)>")
        for address in mail.to { recipients = curl_slist_append(recipients, "<\(address)>") }
        weir_curl_set_pointer(handle, CURLOPT_MAIL_RCPT, recipients)
        weir_curl_set_some_recipients(handle)
        weir_curl_set_long(handle, CURLOPT_UPLOAD, 1)
        weir_curl_set_pointer(handle, CURLOPT_READDATA, context)
        weir_curl_set_write(handle, CURLOPT_READFUNCTION) { bytes, size, count, context in
            MailTransfer.of(context)?.give(bytes, size * count) ?? 0
        }
        weir_curl_set_write(handle, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
        weir_curl_set_write(handle, CURLOPT_HEADERFUNCTION) { _, size, count, _ in size * count }
        // The only way to see which reply is for which recipient.
        weir_curl_set_debug(
            handle,
            { _, type, bytes, size, context in
                MailTransfer.of(context)?.see(type, UnsafeRawBufferPointer(start: bytes, count: size))
                return 0
            },
            context
        )
    }

    private func set(_ option: CURLoption, _ text: String) {
        text.withCString { _ = weir_curl_set_pointer(handle, option, $0) }
    }

    // MARK: - Callbacks of libcurl

    private static func of(_ context: UnsafeMutableRawPointer?) -> MailTransfer? {
        context.map { Unmanaged<MailTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func give(_ bytes: UnsafeMutablePointer<CChar>?, _ room: Int) -> Int {
        let count = min(room, mail.message.count - sent)
        UnsafeMutableRawBufferPointer(start: bytes, count: count).copyBytes(
            from: mail.message[sent..<sent + count]
        )
        sent += count
        return count
    }

    private func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let target = CurlTransfer.text(address)
        guard policy.permits(host: mail.host, address: target) else {
            forbidden = target
            return curl_socket_t(-1)
        }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, kind, address.pointee.`protocol`)
    }

    private func see(_ type: curl_infotype, _ bytes: UnsafeRawBufferPointer) {
        switch type {
        case CURLINFO_HEADER_OUT: dialogue.command(String(decoding: bytes, as: UTF8.self))
        case CURLINFO_HEADER_IN: dialogue.reply(String(decoding: bytes, as: UTF8.self))
        default: break
        }
    }

    // MARK: - The result

    private func failure(_ code: CURLcode) -> MailError {
        if let forbidden { return .transport(.forbidden(forbidden)) }
        if code == CURLE_USE_SSL_FAILED { return .noTLS }
        if !dialogue.refused.isEmpty, dialogue.accepted == 0, dialogue.refused.count == mail.to.count {
            return .recipients(dialogue.refused)
        }
        if (400..<600).contains(dialogue.lastCode) {
            return .reply(code: dialogue.lastCode, text: dialogue.lastText, step: dialogue.step)
        }
        return .transport(transportError(code))
    }

    private func transportError(_ code: CURLcode) -> OutboundError {
        switch code {
        case CURLE_URL_MALFORMAT: .badURL
        case CURLE_COULDNT_RESOLVE_HOST: .unresolvable
        case CURLE_COULDNT_CONNECT: .unreachable(code: errorNumber)
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: .closed
        case CURLE_WEIRD_SERVER_REPLY: .failed("the answer is not SMTP")
        case CURLE_LOGIN_DENIED: .failed("the mail server takes neither AUTH PLAIN nor AUTH LOGIN")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
            .tls(String(cString: curl_easy_strerror(code)))
        default: .failed(String(cString: curl_easy_strerror(code)))
        }
    }

    private var errorNumber: Int32 {
        var value = 0
        weir_curl_get_long(handle, CURLINFO_OS_ERRNO, &value)
        return Int32(truncatingIfNeeded: value)
    }
}

/// Commands and replies of SMTP, as far as they say whom the server takes the message for.
struct MailDialogue {
    /// The command that the last reply is for: `EHLO`, `AUTH`, `MAIL`, `RCPT`, `DATA`; `connecting` before the first.
    private(set) var step = "connecting"
    private var recipient = ""
    // The client says goodbye after a refusal, too.
    private var isOver = false
    private(set) var refused: [RefusedRecipient] = []
    private(set) var accepted = 0
    /// Of the last reply; 0 before the first.
    private(set) var lastCode = 0
    /// Its last line.
    private(set) var lastText = ""

    mutating func command(_ text: String) {
        let line = text.prefix { !$0.isNewline }
        let word = line.prefix { $0 != " " }.uppercased()
        // What follows AUTH is the password in base64, and no command.
        if word == "QUIT" { isOver = true }
        guard ["EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"].contains(word) else {
            return
        }
        step = word
        if word == "RCPT", let start = line.firstIndex(of: "<"), let end = line.lastIndex(of: ">") {
            recipient = String(line[line.index(after: start)..<end])
        }
    }

    mutating func reply(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let (digits, rest) = (line.prefix(3), line.dropFirst(3))
            // `250-` goes on, `250 ` is the last line. RFC 5321 §4.2.1.
            guard digits.count == 3, let code = Int(digits), rest.first != "-", !isOver else {
                continue
            }
            (lastCode, lastText) = (code, String(line.prefix(500)))
            guard step == "RCPT" else { continue }
            if code < 400 {
                accepted += 1
            } else {
                refused.append(RefusedRecipient(address: recipient, code: code, reply: lastText))
            }
        }
    }
}
