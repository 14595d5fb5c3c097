import Dispatch
import Foundation
import Glibc
import Journal
import Synchronization
import Testing

@Suite struct `Killed processes` {
    /// Each round a child process appends under load and is killed at a random moment; it has told every
    /// acknowledgement to a file, as a client would remember it.
    @Test func `lose no acknowledged line and leave none twice`() async throws {
        let fixture = JournalFixture()
        let acknowledgements = fixture.directory + "-acknowledged"
        defer { try? FileManager.default.removeItem(atPath: acknowledgements) }
        let rounds = 12
        for round in 0..<rounds {
            let directory = fixture.directory
            let delay = UInt32.random(in: 0...60_000)
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [
                    directory = directory as String, acknowledgements = acknowledgements as String,
                    delay = delay as UInt32, round = round as Int
                ] in
                try Self.appendUntilKilled(directory, acknowledgements, delay: delay, round: round)
            }
        }
        // The kill may tear what was being told: that one is not known to anybody.
        let told = try String(contentsOfFile: acknowledgements, encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { $0.hasSuffix("]") }
        let journal = try fixture.open()
        defer { journal.close() }
        #expect(journal.epoch == Int64(rounds + 1))
        #expect(journal.damageAtOpen.isEmpty)
        let rest = try journal.reader(after: 0).rest(maxLines: 1000)
        #expect(rest.damage.isEmpty)
        let found = rest.lines.map { "\($0.seq) \($0.text)" }
        #expect(Set(rest.lines.seqs).count == rest.lines.count)
        #expect(Set(rest.lines.map(\.text)).count == rest.lines.count)
        #expect(rest.lines.map(\.at) == rest.lines.map(\.at).sorted())
        #expect(told.count > rounds)
        #expect(Set(told).subtracting(found) == [])
    }

    private static func appendUntilKilled(
        _ directory: String,
        _ acknowledgements: String,
        delay: UInt32,
        round: Int
    ) throws {
        let setup = KillSetup(directory: directory)
        let journal = try Journal.open(setup.journal)
        let file = open(acknowledgements, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        let queue = DispatchQueue(label: "test.acknowledgements")
        let started = DispatchSemaphore(value: 0)
        for chain in 0..<16 {
            append(to: journal, file, queue, round: round, chain: chain, index: 0, started)
        }
        started.wait()
        usleep(delay)
        kill(getpid(), SIGKILL)
    }

    /// One line after the other, each when the one before is acknowledged.
    private static func append(
        to journal: Journal,
        _ file: Int32,
        _ queue: DispatchQueue,
        round: Int,
        chain: Int,
        index: Int,
        _ started: DispatchSemaphore
    ) {
        let body = "[\(round),\(chain),\(index),\"\(String(repeating: "x", count: chain * 60))\"]"
        journal.append(kind: "k/1", body: Array(body.utf8), on: queue) { result in
            guard let position = try? result.get() else { return }
            let text = Array("\n\(position.seq) \(body)".utf8)
            _ = text.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            started.signal()
            append(to: journal, file, queue, round: round, chain: chain, index: index + 1, started)
        }
    }
}

/// Small segments and line feeds ahead, so that every kind of moment is hit.
private struct KillSetup {
    let journal: JournalSetup

    init(directory: String) {
        var configuration = JournalConfiguration(directory: directory)
        configuration.reserveBytes = 0
        configuration.segmentBytes = 200_000
        configuration.prefillBytes = 65_536
        journal = .quiet(configuration)
    }
}
