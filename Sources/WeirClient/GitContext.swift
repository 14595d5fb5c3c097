internal import CLinux
internal import Dispatch
internal import Glibc
internal import Processes

/// Repository and branch of the working directory. Contract §3.6.
struct GitContext: Sendable {
    var repository: String?
    var branch: String?

    /// `repo/branch`, or whichever of the two is known.
    var runTag: String? {
        guard let repository else { return nil }
        return branch.map { "\(repository)/\($0)" } ?? repository
    }

    /// Runs git on a thread that may block; empty without git, without a repository, or after a timeout of five
    /// seconds.
    static func detect() async -> GitContext {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "weir.client.git").async {
                continuation.resume(returning: ask(until: .now + .seconds(5)))
            }
        }
    }

    private static func ask(until deadline: ContinuousClock.Instant) -> GitContext {
        func git(_ arguments: String...) -> String? {
            ShortCommand.run(["git"] + arguments, until: deadline)
        }
        guard git("rev-parse", "--is-inside-work-tree") == "true" else { return GitContext() }
        let remote = git("remote", "get-url", "origin").map(name)
        let branch = git("rev-parse", "--abbrev-ref", "HEAD")
        return GitContext(repository: remote, branch: branch == "HEAD" ? nil : branch)
    }

    /// The last part of a remote's path, without `.git`.
    static func name(of remote: String) -> String {
        let last = remote.split { $0 == "/" || $0 == ":" }.last.map(String.init) ?? remote
        return last.hasSuffix(".git") ? String(last.dropLast(4)) : last
    }
}

/// Runs a command for the first lines of its output, with a timeout.
enum ShortCommand {
    /// Its standard output, trimmed; nil if it failed, could not be started or took too long.
    static func run(_ command: [String], until deadline: ContinuousClock.Instant) -> String? {
        var pipe: [Int32] = [0, 0]
        guard linux_pipe2(&pipe, O_CLOEXEC) == 0 else { return nil }
        defer { close(pipe[0]) }
        var spawn = Spawn(command)
        spawn.descriptors = [(own: pipe[1], child: STDOUT_FILENO)]
        spawn.silenced = [STDIN_FILENO, STDERR_FILENO]
        // As they are here: this is a library in somebody else's process.
        spawn.signals = .now()
        let process = try? spawn.start()
        close(pipe[1])
        guard let process else { return nil }
        let output = read(pipe[0], until: deadline)
        if output == nil { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        guard status == 0, let output else { return nil }
        let text = String(decoding: output, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).first.map(String.init)
    }

    private static func read(_ descriptor: Int32, until deadline: ContinuousClock.Instant) -> [UInt8]? {
        var output: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = Int32(ContinuousClock.now.duration(to: deadline) / .milliseconds(1))
            guard left > 0, Glibc.poll(&poll, 1, left) > 0 else { return nil }
            let count = Glibc.read(descriptor, &block, block.count)
            guard count > 0 else { return output }
            output.append(contentsOf: block[..<count])
        }
    }
}
