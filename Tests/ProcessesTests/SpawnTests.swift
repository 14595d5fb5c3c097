import Foundation
import Testing

@testable import Processes

/// Child processes as the kernel has them.
@Suite("Child processes")
struct SpawnTests {
    private func bytes(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }

    /// Runs a program with its output in a file, and answers how it ended and what it wrote.
    private func run(_ spawn: Spawn) throws -> (status: ChildStatus?, output: [UInt8]) {
        let path = NSTemporaryDirectory() + "weir-processes-\(UUID().uuidString)"
        defer { unlink(path) }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        var spawn = spawn
        spawn.descriptors = [(own: file, child: STDOUT_FILENO)]
        let status = ChildStatus.next(of: try spawn.start())
        return (status, Array(try Data(contentsOf: URL(filePath: path))))
    }

    @Test("arguments and variables arrive as the bytes that they are")
    func bytesPass() throws {
        var argument = Spawn(bytes("printf", "%s") + [[0x78, 0xE9, 0x79]])
        argument.environment = bytes("PATH=/usr/bin:/bin")
        #expect(try run(argument).output == [0x78, 0xE9, 0x79])
        var variable = Spawn(bytes("sh", "-c", #"printf %s "$X""#))
        variable.environment = [[UInt8(ascii: "X"), UInt8(ascii: "="), 0xFF, 0xE9]]
        #expect(try run(variable).output == [0xFF, 0xE9])
    }

    @Test("an exit code, a signal and what was used come back")
    func ends() throws {
        guard case .exited(let code, let usage) = try run(Spawn(bytes("sh", "-c", "exit 7"))).status else {
            Issue.record("it did not exit")
            return
        }
        #expect(code == 7 && usage.peakBytes > 100_000)
        guard case .killed(let signal, _) = try run(Spawn(bytes("sh", "-c", "kill -USR1 $$"))).status else {
            Issue.record("it was not killed")
            return
        }
        #expect(signal == SIGUSR1)
    }

    @Test("a program that is not there, one that can't be executed, and a script without #!")
    func notStarted() throws {
        #expect(throws: SpawnError.self) { try Spawn(bytes("no-such-program")).start() }
        #expect(SpawnError(errorNumber: ENOENT).exitCode == 127)
        #expect(SpawnError(errorNumber: EACCES).exitCode == 126)
        let script = NSTemporaryDirectory() + "weir-processes-\(UUID().uuidString)"
        defer { unlink(script) }
        try "echo $1".write(toFile: script, atomically: true, encoding: .utf8)
        chmod(script, 0o700)
        var shellish = Spawn(bytes(script, "given"))
        let refused = #expect(throws: SpawnError.self) { try shellish.start() }
        #expect(refused?.errorNumber == ENOEXEC)
        shellish.takesScripts = true
        #expect(try run(shellish).output == Array("given\n".utf8))
    }

    @Test("the mask of blocked signals goes to the child, and so does an ignored SIGPIPE")
    func signals() throws {
        // Not by way of a shell: dash clears the mask for what it runs.
        let blocked = bytes("grep", "SigBlk", "/proc/self/status")
        let none = try run(Spawn(blocked)).output
        #expect(none == Array("SigBlk:\t0000000000000000\n".utf8))
        var usr1 = sigset_t()
        sigemptyset(&usr1)
        sigaddset(&usr1, SIGUSR1)
        var spawn = Spawn(blocked)
        spawn.signals = InheritedSignals(mask: usr1, ignoresPipe: false)
        #expect(try run(spawn).output == Array("SigBlk:\t0000000000000200\n".utf8))
    }

    @Test("a child ignores what its parent does, SIGPIPE aside, unless it is to ignore nothing")
    func ignored() throws {
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        var spawn = Spawn(["grep", "SigIgn", "/proc/self/status"])
        // Other bits may be set as well: glibc ignores signals of its own.
        func ignores() throws -> Bool {
            let words = String(decoding: try run(spawn).output, as: UTF8.self).split(
                whereSeparator: \.isWhitespace
            )
            let mask = try #require(words.last.flatMap { UInt64($0, radix: 16) })
            return mask & 1 << (UInt64(SIGUSR2) - 1) != 0
        }
        #expect(try ignores())
        spawn.ignoresNothing = true
        #expect(try !ignores())
    }

    @Test("a silenced input is empty, a silenced output goes nowhere, and other descriptors stay here")
    func silenced() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var spawn = Spawn(["sh", "-c", "cat; echo lost >&2; ls /proc/$$/fd; true"])
        spawn.silenced = [STDIN_FILENO, STDERR_FILENO]
        spawn.closesOthers = true
        spawn.startsSession = true
        #expect(try run(spawn).output == Array("0\n1\n2\n".utf8))
    }

    @Test("a terminal of its own is the command's controlling terminal, with the size that it was given")
    func terminal() throws {
        let terminal = try PseudoTerminal(model: -1)
        defer { close(terminal.master) }
        var spawn = Spawn(bytes("sh", "-c", "stty size <&1; tty <&1; : > /dev/tty && echo controlled"))
        spawn.terminal = terminal.path
        let child = try spawn.start()
        var text = ""
        var block = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(terminal.master, &block, block.count)
            guard count > 0 else { break }
            text += String(decoding: block[..<count], as: UTF8.self)
        }
        _ = ChildStatus.next(of: child)
        #expect(text == "24 80\r\n\(terminal.path)\r\ncontrolled\r\n")
    }

    @Test(
        "a family is the command and what it started, also behind a parent that has ended; no other session"
    )
    func family() throws {
        let mark = Array("WEIR_EVENT_ID=\(UUID().uuidString)".utf8)
        let script = """
            (sh -c 'sleep 300 & sleep 300; true' & )
            setsid sleep 301 &
            echo $!
            exec sleep 302
            """
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        var spawn = Spawn(bytes("sh", "-c", script))
        spawn.environment = [mark, Array("PATH=/usr/bin:/bin".utf8)]
        spawn.descriptors = [(own: ends[1], child: STDOUT_FILENO)]
        let child = try spawn.start()
        var block = [UInt8](repeating: 0, count: 64)
        let count = read(ends[0], &block, block.count)
        let outsider = try #require(
            pid_t(String(decoding: block[..<count], as: UTF8.self).trimmingCharacters(in: .newlines))
        )
        defer { kill(outsider, SIGKILL) }
        let family = ProcessFamily(of: child, mark: mark)
        // The command, the shell whose parent has ended, and its two children.
        let deadline = ContinuousClock.now + .seconds(60)
        while family.members().count != 4 || family.members().contains(outsider) {
            try #require(ContinuousClock.now < deadline, "\(family.members()), \(outsider)")
            usleep(1000)
        }
        #expect(family.members().contains(child))
        while !family.members().isEmpty {
            family.send(SIGKILL)
            _ = ChildStatus.next(of: child)
        }
        #expect(kill(outsider, 0) == 0)
        close(ends[0])
        close(ends[1])
    }

    @Test("a family is listed from the command down: its shells get a signal before what they wait for")
    func familyOrder() throws {
        let mark = Array("WEIR_EVENT_ID=\(UUID().uuidString)".utf8)
        var spawn = Spawn(bytes("sh", "-c", #"sh -c "sleep 300; true"; true"#))
        spawn.environment = [mark, Array("PATH=/usr/bin:/bin".utf8)]
        let child = try spawn.start()
        let family = ProcessFamily(of: child, mark: mark)
        let deadline = ContinuousClock.now + .seconds(60)
        while family.members().count != 3 {
            try #require(ContinuousClock.now < deadline, "\(family.members())")
            usleep(1000)
        }
        let members = family.members()
        #expect(members[0] == child)
        #expect(members.dropFirst().map { ProcessTable.entry(of: $0)?.parent } == Array(members.prefix(2)))
        while !family.members().isEmpty {
            family.send(SIGKILL)
            _ = ChildStatus.next(of: child)
        }
    }
}
