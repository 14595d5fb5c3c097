internal import CLinux
internal import Glibc

/// A program to run as a child process, with posix_spawn(3). Arguments and variables are bytes, as in the kernel.
package struct Spawn: Sendable {
    /// The program and its arguments, none of them with a NUL. A program without a slash is looked up in `PATH`.
    package var arguments: [[UInt8]]
    /// The variables, each `NAME=value`; nil passes on this process's own.
    package var environment: [[UInt8]]?
    /// Which descriptors of this process become which ones of the child, in this order.
    package var descriptors: [(own: Int32, child: Int32)] = []
    /// Descriptors of the child that are connected to /dev/null: it reads nothing there, and its output is lost. They
    /// are set after `descriptors`.
    package var silenced: [Int32] = []
    /// The path of a terminal: the child gets its own session with this as its controlling terminal, and as its
    /// standard output and error.
    package var terminal: String?
    /// Whether the terminal is also its standard input.
    package var readsTerminal = false
    /// Whether the child gets a session of its own.
    package var startsSession = false
    /// The child's working directory; nil is this process's.
    package var directory: String?
    /// Whether the child gets only the descriptors from 0 to the highest that is named here, whatever else is open.
    package var closesOthers = false
    /// The signal settings of the child.
    package var signals = InheritedSignals.none
    /// Whether the child ignores no signal, not even those that this process ignored from its start.
    package var ignoresNothing = false
    /// Whether a script without `#!` is run by sh, as execvp(3) and every shell do.
    package var takesScripts = false

    /// Names a program and its arguments.
    package init(_ arguments: [[UInt8]]) {
        self.arguments = arguments
    }

    /// Names a program and its arguments as text.
    package init(_ arguments: [String]) {
        self.arguments = arguments.map { Array($0.utf8) }
    }

    /// Starts the program and returns its process id; the caller has to wait for it.
    package func start() throws(SpawnError) -> Int32 {
        do throws(SpawnError) {
            return try start(arguments)
        } catch {
            guard takesScripts, error.errorNumber == ENOEXEC, let program = arguments.first,
                let path = Self.find(program)
            else { throw error }
            return try start([Array("/bin/sh".utf8), path] + arguments.dropFirst())
        }
    }

    private func start(_ arguments: [[UInt8]]) throws(SpawnError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        add(to: &actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        set(&attributes)
        var words = Self.cStrings(arguments)
        var variables = environment.map(Self.cStrings) ?? []
        defer { for word in words + variables { free(word) } }
        guard let program = words[0] else { throw SpawnError(errorNumber: ENOENT) }
        var process = pid_t()
        let code =
            variables.isEmpty
            ? posix_spawnp(&process, program, &actions, &attributes, &words, environ)
            : posix_spawnp(&process, program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw SpawnError(errorNumber: code) }
        return process
    }

    private func add(to actions: inout posix_spawn_file_actions_t) {
        if let directory { linux_spawn_addchdir(&actions, directory) }
        for (own, child) in descriptors { posix_spawn_file_actions_adddup2(&actions, own, child) }
        for child in silenced {
            posix_spawn_file_actions_addopen(
                &actions,
                child,
                "/dev/null",
                child == STDIN_FILENO ? O_RDONLY : O_WRONLY,
                0
            )
        }
        if let terminal {
            // The first terminal that the leader of a session opens becomes its controlling terminal.
            posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, terminal, O_RDWR, 0)
            posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
            if readsTerminal { posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDIN_FILENO) }
        }
        if closesOthers {
            let highest = (descriptors.map(\.child) + silenced).max() ?? STDERR_FILENO
            linux_spawn_addclosefrom(&actions, highest + 1)
        }
    }

    private func set(_ attributes: inout posix_spawnattr_t) {
        // Weir itself ignores SIGPIPE; signals that were ignored from its start stay ignored.
        var defaults = sigset_t()
        if ignoresNothing {
            sigfillset(&defaults)
        } else {
            sigemptyset(&defaults)
            if !signals.ignoresPipe { sigaddset(&defaults, SIGPIPE) }
        }
        posix_spawnattr_setsigdefault(&attributes, &defaults)
        var mask = signals.mask
        posix_spawnattr_setsigmask(&attributes, &mask)
        // POSIX_SPAWN_SETSID, which glibc defines only with a feature macro.
        let session: Int32 = startsSession || terminal != nil ? 0x80 : 0
        let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | session
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    private static func cStrings(_ words: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] {
        words.map { word in strdup(word.map { CChar(bitPattern: $0) } + [0]) } + [nil]
    }

    /// The path of a program, found with `PATH`.
    private static func find(_ program: [UInt8]) -> [UInt8]? {
        let slash = UInt8(ascii: "/")
        if program.contains(slash) { return program }
        let path = getenv("PATH").map { String(cString: $0) } ?? "/bin:/usr/bin"
        for directory in path.split(separator: ":") {
            let candidate = Array(directory.utf8) + [slash] + program
            if access(candidate.map { CChar(bitPattern: $0) } + [0], X_OK) == 0 { return candidate }
        }
        return nil
    }
}

/// Why a program could not be started.
package struct SpawnError: Error, Sendable, CustomStringConvertible {
    /// The value of errno(3).
    package let errorNumber: Int32

    /// Wraps an error number.
    package init(errorNumber: Int32) {
        self.errorNumber = errorNumber
    }

    /// The exit code that a shell would use: 127 when there is no such program, 126 when it can't be executed.
    package var exitCode: Int32 { errorNumber == ENOENT ? 127 : 126 }

    package var description: String { String(cString: strerror(errorNumber)) }
}
