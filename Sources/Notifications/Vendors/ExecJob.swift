internal import Glibc
internal import Processes

/// One run of a program: input, time limit, exit status. It blocks.
struct ExecJob: Sendable {
    let command: [String]
    /// `NAME=value`; `PATH` and `LANG` are added.
    let environment: [String]
    let input: [UInt8]
    let timeout: Duration

    /// Ends the program and its children with SIGKILL when the time is over.
    func run() -> SendOutcome {
        guard let stdin = inputFile() else {
            return Self.again("cannot keep the alert in a file for the program")
        }
        defer { close(stdin) }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return Self.again("cannot make a pipe for the program") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        let child: Int32
        do throws(SpawnError) {
            child = try spawn(stdin, ends[1]).start()
        } catch {
            close(ends[1])
            return .refused(status: nil, why: "\(command[0]) cannot be started: \(error.description)")
        }
        close(ends[1])
        return wait(for: child, ends[0])
    }

    private func spawn(_ stdin: Int32, _ output: Int32) -> Spawn {
        var spawn = Spawn(command)
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        spawn.environment = (environment + ["PATH=\(path)", "LANG=C.UTF-8"]).map { Array($0.utf8) }
        spawn.descriptors = [(stdin, 0), (output, 2)]
        spawn.silenced = [1]
        spawn.closesOthers = true
        spawn.startsSession = true
        spawn.takesScripts = true
        return spawn
    }

    /// The input in a file without a name, so that the program may read it when it likes.
    private func inputFile() -> Int32? {
        var template = Array("/tmp/weir-alert-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { return nil }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        var rest = input[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                close(descriptor)
                return nil
            }
            rest = rest.dropFirst(count)
        }
        lseek(descriptor, 0, SEEK_SET)
        return descriptor
    }

    // MARK: - The end

    private func wait(for child: Int32, _ output: Int32) -> SendOutcome {
        let deadline = ContinuousClock.now + timeout
        var said: [UInt8] = []
        var isOpen = true
        while true {
            if isOpen { isOpen = read(output, &said) } else { usleep(10_000) }
            var status: Int32 = 0
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child {
                while isOpen, said.count < Self.saidLimit, hasMore(output) { isOpen = read(output, &said) }
                return outcome(status, said)
            }
            if ended < 0, errno != EINTR { return Self.again("the exit status of the program was lost") }
            guard ContinuousClock.now < deadline else {
                kill(-child, SIGKILL)
                waitpid(child, &status, 0)
                return Self.again("the program did not end in time")
            }
        }
    }

    private static let saidLimit = 2000

    private func hasMore(_ output: Int32) -> Bool {
        var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) > 0
    }

    /// Reads what the program says, for at most 20 ms; false at its end.
    private func read(_ output: Int32, _ said: inout [UInt8]) -> Bool {
        var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        guard poll(&waiting, 1, 20) > 0 else { return true }
        var block = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(output, &block, block.count)
        guard count > 0 else { return false }
        said += block.prefix(min(count, max(0, Self.saidLimit - said.count)))
        return true
    }

    /// 0 is sent; 75, `EX_TEMPFAIL` of sysexits.h, again; the rest refused.
    private func outcome(_ status: Int32, _ said: [UInt8]) -> SendOutcome {
        let words = String(decoding: said, as: UTF8.self).split { $0.isWhitespace || $0.isNewline }
        let text = words.isEmpty ? "" : ": \(Cut.text(words.joined(separator: " "), to: .utf16(300)))"
        // wait(2): the low seven bits are the signal, the next byte is the exit status.
        if status & 0x7F != 0 { return Self.again("signal \(status & 0x7F) ended the program\(text)") }
        let code = Int(status >> 8 & 0xFF)
        switch code {
        case 0: return .sent(status: 0, note: nil)
        case 75: return .again(status: code, after: nil, why: "exit status 75\(text)")
        default: return .refused(status: code, why: "exit status \(code)\(text)")
        }
    }

    private static func again(_ why: String) -> SendOutcome { .again(status: nil, after: nil, why: why) }
}
